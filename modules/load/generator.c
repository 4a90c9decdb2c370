/* Was the load engine itself the limit? Once a second the loops that a run uses and the
 * process are looked at; a run in which they could not keep up says so, for its figures
 * then tell of the generator and not of the target. A second of trouble is no limit, so
 * each rule wants a share of the run and a least number of seconds or starts. */
#include "load/internal.h"

#include <sys/resource.h>

#define LATE_US 100000  /* a loop that fires timers so late lags … */
#define LATE_PERCENT 10 /* … and is a limit in so much of the run … */
#define LATE_SECONDS 2  /* … and at least so long */
#define BUSY 0.95 /* a thread that hardly ever waits, a process without spare cores */
#define BUSY_PERCENT 25
#define BUSY_SECONDS 3
#define STARTS 20 /* fewer tell nothing */
#define DROPPED_PERCENT 1
#define SETTLE_US 1500000 /* what loops tell at first was before the run */

static double cpu_seconds(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
           + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Share of the machine's cores that the process had since the last look. */
static double process_share(wf_strain_t *strain, apr_int64_t now_us)
{
    double cpu = cpu_seconds(), wall = (double)(now_us - strain->looked_us) / 1e6;
    double share = strain->looked_us > 0 && wall > 0
                       ? (cpu - strain->cpu) / wall / wf_processors()
                       : 0;

    strain->cpu = cpu;
    strain->looked_us = now_us;
    return share;
}

void wf_run_strain(wf_run_t *run)
{
    wf_strain_t strain;
    apr_int64_t late_us, worst_us = 0, now = wf_mono_us();
    double busy, busiest = 0, share;
    int i, counts;

    if (run->nparts == 0) {
        return; /* others do its work, and tell how they fare */
    }
    pthread_mutex_lock(&run->load->lock);
    strain = run->strain;
    counts = run->status == WF_RUN_RUNNING && run->phase == WF_RUN_MAIN && !run->stopping
             && now - run->start_us > SETTLE_US;
    pthread_mutex_unlock(&run->load->lock);
    share = process_share(&strain, now);
    for (i = 0; i < run->nparts; i++) {
        wf_loop_strain(run->parts[i].loop, &late_us, &busy);
        worst_us = late_us > worst_us ? late_us : worst_us;
        busiest = busy > busiest ? busy : busiest;
    }
    if (counts) {
        strain.seconds++;
        strain.late_seconds += worst_us >= LATE_US;
        strain.busy_seconds += busiest >= BUSY;
        strain.full_seconds += share >= BUSY;
        strain.busy += busiest;
        strain.max_lag_us = worst_us > strain.max_lag_us ? worst_us : strain.max_lag_us;
    }
    pthread_mutex_lock(&run->load->lock);
    run->strain = strain;
    pthread_mutex_unlock(&run->load->lock);
}

/* ---- judging ------------------------------------------------------------------------- */

static int long_enough(int seconds, const wf_view_t *view, int percent, int least)
{
    return seconds >= least && seconds * 100 >= view->strain.seconds * percent;
}

static int lags(const wf_view_t *view)
{
    return long_enough(view->strain.late_seconds, view, LATE_PERCENT, LATE_SECONDS);
}

static int loop_busy(const wf_view_t *view)
{
    return long_enough(view->strain.busy_seconds, view, BUSY_PERCENT, BUSY_SECONDS);
}

static int cpu_full(const wf_view_t *view)
{
    return long_enough(view->strain.full_seconds, view, BUSY_PERCENT, BUSY_SECONDS);
}

static const wf_histogram_t *delays(const wf_view_t *view)
{
    return wf_sheet_histogram(view->sheet, WF_M_START_DELAY);
}

static int late_starts(const wf_view_t *view)
{
    return delays(view)->count >= STARTS
           && wf_histogram_percentile(delays(view), 95) >= LATE_US;
}

static int dropped(const wf_view_t *view)
{
    double starts = (double)delays(view)->count + view->missed;

    return starts >= STARTS && view->missed * 100 > starts * DROPPED_PERCENT;
}

static const struct {
    const char *name;
    int (*holds)(const wf_view_t *view);
    int somewhere; /* it is about one process */
    const char *text;
} reasons[] = {
    /* clang-format off */
    { "loop_lag",           lags,        1, "its event loops fired timers 100 ms late or more" },
    { "loop_busy",          loop_busy,   1, "an event loop was busy all the time" },
    { "cpu",                cpu_full,    1, "the process used all cores of the machine" },
    { "late_starts",        late_starts, 0, "5 % of the iterations began 100 ms late or more" },
    { "dropped_iterations", dropped,     0, "starts found no free user: max_vus is too low for the answers' times" },
    /* clang-format on */
};

static const char *text_of(size_t reason, const wf_view_t *view, apr_pool_t *p)
{
    return view->strained != NULL && reasons[reason].somewhere
               ? apr_psprintf(p, "slave %s: %s", view->strained, reasons[reason].text)
               : reasons[reason].text;
}

#define REASONS (sizeof(reasons) / sizeof(reasons[0]))

static json_object *reasons_json(const wf_view_t *view)
{
    json_object *all = json_object_new_array();
    size_t i;

    for (i = 0; i < REASONS; i++) {
        if (reasons[i].holds(view)) {
            json_object_array_add(all, json_object_new_string(reasons[i].name));
        }
    }
    return all;
}

json_object *wf_generator_json(const wf_view_t *view, apr_pool_t *p)
{
    const wf_strain_t *strain = &view->strain;
    json_object *o = json_object_new_object(), *why = reasons_json(view);
    wf_value_t busy = wf_double(
        strain->seconds > 0 ? (double)(int)(strain->busy * 1000 / strain->seconds) / 1000
                            : 0);

    wf_json_add_bool(o, "limited", json_object_array_length(why) > 0);
    json_object_object_add(o, "reasons", why);
    if (view->strained != NULL) {
        wf_json_add_string(o, "slave_id", view->strained);
    }
    wf_json_add_string(o, "max_lag", wf_duration_text(strain->max_lag_us * 1000, p));
    json_object_object_add(o, "busy", wf_value_to_json(&busy));
    wf_json_add_int(o, "dropped_iterations", (apr_int64_t)view->missed);
    return o;
}

json_object *wf_generator_warnings(const wf_view_t *view, apr_pool_t *p)
{
    json_object *all = json_object_new_array();
    size_t i;

    for (i = 0; i < REASONS; i++) {
        if (reasons[i].holds(view)) {
            json_object *o = json_object_new_object();

            wf_json_add_string(o, "code", "GENERATOR_LIMITED");
            wf_json_add_string(o, "reason", reasons[i].name);
            wf_json_add_string(o, "message", text_of(i, view, p));
            json_object_array_add(all, o);
        }
    }
    return all;
}

void wf_generator_note(wf_view_t *view, apr_pool_t *p)
{
    const char *text = NULL;
    size_t i;

    for (i = 0; i < REASONS && wf_run_status_final(view->status); i++) {
        if (reasons[i].holds(view)) {
            text = apr_pstrcat(p, text ? text : "", text ? "; " : "", text_of(i, view, p),
                               NULL);
        }
    }
    if (text != NULL) {
        wf_sheet_error(view->sheet, NULL, "GENERATOR_LIMITED",
                       apr_pstrcat(p, "the load engine was the limit: ", text, NULL),
                       wf_time_ms());
    }
}
