# mod_workflow. `make run` serves a demo, `make check` runs every test; README.md says more.

PORT  ?= 8080
STATE ?= ./run
CONF  ?=
T     ?=
BUILD ?= .build
DEPS  ?= .build-deps
CORES ?= $(shell nproc)

APXS       ?= apxs
CC         ?= gcc
PKG_CONFIG ?= pkg-config

all: module engine

# ---- what is built ----------------------------------------------------------------------------
# The rooms of httpd's children go into the module, those of the engine process into the
# workflow-engine binary. Of the engine room the module holds the half that starts it, of the
# client and bpmn rooms what checks directives.
MODULE_ROOMS = core ipc store http auth metrics activiti workflow settings
ENGINE_ROOMS = core ipc store script xml diagram decision client database document metrics output bpmn load steps stream link cluster engine cli
PARENT       = modules/engine/parent.c
SHARED_HALF  = modules/engine/config.c modules/bpmn/registry.c \
               $(addprefix modules/client/,targets.c mail_server.c mail_address.c hosts.c)

MODULE_SRCS = mod_workflow.c $(PARENT) $(SHARED_HALF) $(foreach r,$(MODULE_ROOMS),$(wildcard modules/$(r)/*.c))
ENGINE_SRCS = $(filter-out $(PARENT),$(foreach r,$(ENGINE_ROOMS),$(wildcard modules/$(r)/*.c)))

# Everything a room's unit tests link: the room and all rooms below it.
BELOW_core     = core
BELOW_ipc      = ipc core
BELOW_store    = store core
BELOW_script   = script core
BELOW_client   = client core
BELOW_database = database core
BELOW_xml      = xml core
BELOW_diagram  = diagram xml core
BELOW_decision = decision script xml core
BELOW_bpmn     = bpmn decision diagram client store script xml core
BELOW_metrics  = metrics core
BELOW_document = document script core
BELOW_output   = output metrics document client script core
BELOW_load     = load output metrics document script client core
BELOW_steps    = steps load output metrics document script database client core
BELOW_stream   = stream core
BELOW_link     = link client core
BELOW_cluster  = cluster link load output metrics document script client core
BELOW_engine   = engine cluster link stream steps load output metrics document bpmn decision diagram xml script database client store ipc core
BELOW_http     = http auth store ipc core
BELOW_auth     = auth store ipc core
BELOW_activiti = activiti http auth store ipc core
BELOW_workflow = workflow http auth metrics store ipc core
BELOW_settings = settings activiti workflow engine bpmn client http auth metrics store ipc core
BELOW_cli      = cli engine cluster link stream steps load output metrics document bpmn decision diagram xml script database client store ipc core
ROOMS = core ipc store script xml diagram decision client database document metrics output bpmn load steps stream link cluster engine http auth activiti workflow settings cli

# ---- flags --------------------------------------------------------------------------------------
PKGS        = apr-1 apr-util-1 json-c sqlite3
ENGINE_PKGS = $(PKGS) yaml-0.1 libcurl libpq libzip expat libpcre2-8 libcrypto
OPT        ?= -O2 -g
SANITIZE   ?=
WARN        = -Wall -Wextra -Wformat-security
CFLAGS     ?=
LDFLAGS    ?=
# As Debian hardens what listens to strangers. Sanitizers look for the same, and better.
HARDEN     ?= -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
HARDEN_LINK ?= -Wl,-z,relro,-z,now
HARDENED    = $(if $(SANITIZE)$(filter -O0,$(OPT)),,$(HARDEN))
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(ENGINE_PKGS) 2>/dev/null)
HTTPD_INC  := $(shell $(APXS) -q INCLUDEDIR 2>/dev/null)
ALL_CFLAGS  = -std=gnu11 $(OPT) $(HARDENED) $(WARN) -D_GNU_SOURCE -DLINUX -D_REENTRANT -fPIC \
              -fvisibility=hidden -pthread $(SANITIZE) -Imodules -I$(BUILD)/gen -It/00unit \
              $(PKG_CFLAGS) $(if $(HTTPD_INC),-I$(HTTPD_INC)) $(CFLAGS)
ENGINE_LIBS = $(shell $(PKG_CONFIG) --libs $(ENGINE_PKGS)) -lwslay -lm -pthread
MODULE_LIBS = $(shell $(PKG_CONFIG) --libs json-c sqlite3 libcrypto)
BINDIR     ?= $(shell $(APXS) -q BINDIR)
SHAREDIR   ?= $(patsubst %/bin,%/share,$(BINDIR))
DATADIR    ?= $(SHAREDIR)/mod_workflow

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))

# ---- QuickJS ------------------------------------------------------------------------------------
# Fetched, patched and compiled once for all build directories: each patch, compiler and set
# of flags has a place of its own in DEPS. The flags are upstream's; its undefined behaviour
# is not ours to report.
QJS_FLAGS  = -std=gnu11 $(if $(SANITIZE),-O1,-O2) -g -w -fwrapv -fvisibility=hidden -pthread \
             -D_GNU_SOURCE -DCONFIG_VERSION='"2025-04-26"' $(HARDENED) \
             $(SANITIZE) $(if $(SANITIZE),-fno-sanitize=undefined)
QJS       := $(DEPS)/quickjs-$(shell cat modules/script/quickjs.* | cksum | cut -d' ' -f1)
QJS_LIB   := $(QJS)/$(shell { $(CC) -dumpmachine; $(CC) --version; echo "$(QJS_FLAGS)"; } | cksum | cut -d' ' -f1)/libquickjs.a
QJS_FILES  = quickjs libregexp libunicode cutils dtoa
SCRIPT_SRCS = $(wildcard modules/script/*.c)

$(QJS)/quickjs.h:
	@modules/script/quickjs.sh $(DEPS) $(QJS)

$(QJS_LIB): | $(QJS)/quickjs.h
	@echo compiling QuickJS
	@new=$$(mktemp -d $(QJS)/.new.XXXXXX) && trap "rm -rf $$new" EXIT && for f in $(QJS_FILES); do \
	    $(CC) $(QJS_FLAGS) -c $(QJS)/$$f.c -o $$new/$$f.o || exit 1; done && \
	    ar rcs $$new/libquickjs.a $$new/*.o && mkdir -p $(@D) && mv $$new/libquickjs.a $@

$(call obj,$(SCRIPT_SRCS)): ALL_CFLAGS += -isystem $(QJS)
$(call obj,$(SCRIPT_SRCS)): modules/script/quickjs.patch modules/script/quickjs.sh | $(QJS)/quickjs.h

# Those who link a room need what it stands on.
needs_qjs = $(if $(filter script,$(BELOW_$(1))),$(QJS_LIB))

MODULE = $(BUILD)/mod_workflow.so
ENGINE = $(BUILD)/workflow-engine

.PHONY: all module engine run check unit bench soak asan tsan valgrind coverage fuzz fuzz-rest install uninstall clean distclean
.SUFFIXES:
.SECONDARY:

module: $(MODULE)
engine: $(ENGINE)

# A word for each command; V=1 shows the commands, -s nothing.
say    = $(if $(V),,@$(if $(SILENT),,echo '  $(1) $(@:$(BUILD)/%=%)' &&))
SILENT = $(findstring s,$(filter-out -%,$(firstword $(MAKEFLAGS))))

# apxs knows how httpd's modules are linked; the objects are ours, because both artefacts
# share them. The old module is not written to: an httpd may be running with it.
$(MODULE): $(call obj,$(MODULE_SRCS))
	@mkdir -p $(BUILD)
	$(call say,LINK) $(APXS) -c -S CC=$(CC) -o $(BUILD)/mod_workflow.la $(LINK_SANITIZE) $^ $(MODULE_LIBS) \
	    $(HARDEN_LINK) $(LDFLAGS) >$(BUILD)/apxs.log 2>&1 || { cat $(BUILD)/apxs.log; false; }
	@cp $(BUILD)/.libs/mod_workflow.so $@.new && mv -f $@.new $@
LINK_SANITIZE = $(foreach f,$(SANITIZE),-Wl$(comma)$(f))
comma = ,

$(BUILD)/modules/settings/directives.o: ALL_CFLAGS += -DWF_ENGINE_BINARY='"$(BINDIR)/workflow-engine"'

# The httpd that commands start.
$(BUILD)/modules/cli/server.o $(BUILD)/modules/cli/server_conf.o: ALL_CFLAGS += -DWF_HTTPD='"$(shell $(APXS) -q SBINDIR)/$(shell $(APXS) -q PROGNAME)"' \
    -DWF_HTTPD_MODULES='"$(shell $(APXS) -q LIBEXECDIR)"'

$(ENGINE): $(call obj,$(ENGINE_SRCS)) $(QJS_LIB)
	$(call say,LINK) $(CC) $(SANITIZE) $(OPT) -pie -o $@ $^ $(ENGINE_LIBS) $(HARDEN_LINK) $(LDFLAGS)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC  ) $(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# The schema is compiled in: each sql/<driver>/NNN_name.sql becomes a C string.
SQL = $(sort $(wildcard sql/sqlite/*.sql))
$(BUILD)/gen/sql_sqlite.h: $(SQL) Makefile
	@mkdir -p $(@D)
	@{ echo 'static const struct { int number; const char *name; const char *text; } wf_sql_sqlite[] = {'; \
	   for f in $(SQL); do n=$$(basename $$f); \
	     echo "{ $$(echo $$n | sed 's/_.*//; s/^0*//'), \"$$n\","; \
	     sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $$f; echo '},'; done; echo '};'; } >$@
$(call obj,$(wildcard modules/store/*.c)): $(BUILD)/gen/sql_sqlite.h

# So is the style sheet of the API browser.
$(BUILD)/gen/browser_css.h: modules/activiti/browser.css Makefile
	@mkdir -p $(@D)
	@{ echo 'const char wf_browser_css[] ='; \
	   sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $<; echo ';'; } >$@
$(call obj,modules/activiti/browser_style.c): $(BUILD)/gen/browser_css.h

# And that of reports.
$(BUILD)/gen/report_css.h: modules/workflow/report.css Makefile
	@mkdir -p $(@D)
	@{ echo 'const char wf_report_css[] ='; \
	   sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $<; echo ';'; } >$@
$(call obj,modules/workflow/report_css.c): $(BUILD)/gen/report_css.h

# And what scripts find besides the language: prelude.js becomes wf_js_prelude.
vpath %.js modules/script modules/steps
$(BUILD)/gen/%_js.h: %.js Makefile
	@mkdir -p $(@D)
	@{ echo 'static const char wf_js_$*[] ='; \
	   sed 's/\\/\\\\/g; s/"/\\"/g; s/?/\\?/g; s/^/"/; s/$$/\\n"/' $<; echo ';'; } >$@
$(call obj,modules/script/js_world.c): $(BUILD)/gen/prelude_js.h $(BUILD)/gen/prelude_common_js.h
$(call obj,modules/steps/script_host.c): $(BUILD)/gen/script_prelude_js.h

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- tests ----------------------------------------------------------------------------------------
# t/00unit/<room>/<name>.c is a program that links its room and prints TAP.
# Rooms that call httpd are tested without it: their tests reach only what needs no httpd,
# and its symbols stay unresolved.
HTTPD_ROOMS = http auth activiti workflow
without_httpd = $(if $(filter $(1),$(HTTPD_ROOMS)),-no-pie -Wl$(comma)--unresolved-symbols=ignore-all)
define ROOM_RULES
room-$(1): $(call obj,$(filter-out $(PARENT),$(wildcard modules/$(1)/*.c)))
$(BUILD)/t/00unit/$(1)/%: $(BUILD)/t/00unit/$(1)/%.o $(call obj,$(filter-out $(PARENT),$(foreach r,$(BELOW_$(1)),$(wildcard modules/$(r)/*.c)))) $(call needs_qjs,$(1))
	$$(call say,LINK) $$(CC) $$(SANITIZE) $$(OPT) $(call without_httpd,$(1)) -o $$@ $$^ $$(ENGINE_LIBS) $$(LDFLAGS)
endef
$(foreach r,$(ROOMS),$(eval $(call ROOM_RULES,$(r))))

# T is a folder below t/00unit or one of its programs, as a file or without the .c.
UNIT_T    = $(patsubst %.c,%,$(patsubst %/,%,$(or $(filter t/00unit%,$(T)),t/00unit)))
UNIT_SRCS = $(wildcard $(UNIT_T:%=%.c) $(UNIT_T:%=%/*.c) $(UNIT_T:%=%/*/*.c))
UNIT_BINS = $(patsubst %.c,$(BUILD)/%,$(UNIT_SRCS))

unit: $(UNIT_BINS)
	@$(if $(UNIT_BINS),,echo "T=$(T): no folder or program below t/00unit" >&2; exit 1)
	@WF_TOP=$(CURDIR) prove -j$(CORES) $(if $(V),-v) --exec '' $(UNIT_BINS)

# t/bench/<name>.c is a program that links a room and those below it.
define BENCH_RULE
bench-$(1): $(BUILD)/t/bench/$(1)
$(BUILD)/t/bench/$(1): $(BUILD)/t/bench/$(1).o $(call obj,$(filter-out $(PARENT),$(foreach r,$(BELOW_$(2)),$(wildcard modules/$(r)/*.c)))) $(call needs_qjs,$(2))
	$$(call say,LINK) $$(CC) $$(SANITIZE) $$(OPT) -o $$@ $$^ $$(ENGINE_LIBS) $$(LDFLAGS)
endef
$(eval $(call BENCH_RULE,commit,store))
$(eval $(call BENCH_RULE,parse,bpmn))
$(eval $(call BENCH_RULE,process,bpmn))
$(eval $(call BENCH_RULE,merge,steps))
$(eval $(call BENCH_RULE,script,steps))
$(eval $(call BENCH_RULE,slaves,engine))
$(call obj,t/bench/script.c): ALL_CFLAGS += -isystem $(QJS)
$(call obj,t/bench/script.c): | $(QJS)/quickjs.h

# ---- packages -----------------------------------------------------------------------------------------
# Only what is missing is installed, with sudo unless root.
BUILD_PACKAGES = gcc pkg-config apache2-dev libapr1-dev libaprutil1-dev libjson-c-dev \
                 libsqlite3-dev libpq-dev libyaml-dev libcurl4-openssl-dev libzip-dev libexpat1-dev \
                 libpcre2-dev libssl-dev libwslay-dev patch xz-utils
RUN_PACKAGES   = $(BUILD_PACKAGES) apache2-bin perl librsvg2-2 fonts-dejavu-core \
                 fonts-wqy-microhei
TEST_PACKAGES  = $(RUN_PACKAGES) curl iproute2 jq libapache2-mod-perl2 libio-socket-ssl-perl openssl \
                 postgresql \
                 sqlite3 tidy tzdata zip
BENCH_PACKAGES = $(RUN_PACKAGES) hey wrk
FUZZ_PACKAGES  = $(BUILD_PACKAGES) clang libclang-rt-dev

define install_packages
@missing=$$(for p in $(1); do echo $$p; done | sort >/tmp/.wf-want.$$$$; \
    dpkg-query -W -f='$${Package} $${Status}\n' $(1) 2>/dev/null | awk '/ ok installed$$/ { print $$1 }' \
    | sort | comm -23 /tmp/.wf-want.$$$$ -; rm -f /tmp/.wf-want.$$$$); \
if [ -n "$$missing" ]; then \
    echo "installing" $$missing; \
    sudo=; [ "$$(id -u)" -eq 0 ] || sudo=sudo; \
    $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y \
        -qq --no-install-recommends $$missing >/dev/null; \
fi
endef

# ---- the two commands, and the others -------------------------------------------------------------------
run:
	$(call install_packages,$(RUN_PACKAGES) $(if $(CONF),openssl))
	@$(MAKE) --no-print-directory -s all
	@exec conf/demo/run $(PORT) $(STATE) $(abspath $(BUILD)) $(CONF)

# T chooses: a folder or file below t/00unit, or of the suites; nothing chooses all.
WANT_UNIT   = $(if $(T),$(filter t/00unit%,$(T)),yes)
WANT_SUITES = $(if $(filter t/00unit%,$(T)),,yes)
SUB_MAKE    = $(MAKE) --no-print-directory -s $(AT_ONCE)
# As many compilers as there are cores, unless make was told how many.
AT_ONCE     = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(CORES))

check:
	$(call install_packages,$(TEST_PACKAGES))
	@$(SUB_MAKE) all
	+@CORES=$(CORES) t/check $(BUILD) $(T)

bench:
	$(call install_packages,$(BENCH_PACKAGES))
	@$(MAKE) --no-print-directory -s all bench-commit bench-merge bench-parse bench-process bench-script bench-slaves
	@t/bench/run $(abspath $(BUILD))

# The long form of tests that take rounds, or time: ROUNDS=200 and MINUTES=15 are an hour.
ROUNDS  ?= 200
MINUTES ?= 15
soak:
	$(call install_packages,$(TEST_PACKAGES))
	@$(SUB_MAKE) all
	@V=1 WF_JOBS=1 WF_ROUNDS=$(ROUNDS) WF_MINUTES=$(MINUTES) t/run $(abspath $(BUILD)) \
	    t/durability/random-kills.t t/httpd/restart.t t/durability/soak.t

# The sanitizers' builds lie beside the ordinary one; the suites run with httpd and the engine
# process under them (t/under.sh), one at a time: it is slow enough.
asan valgrind: APR_PACKAGES = bzip2
asan valgrind: WANT_APR = $(DEPS)/apr-debug/libapr-1.so.0
asan: export LD_LIBRARY_PATH = $(abspath $(dir $(WANT_APR)))
asan: SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=undefined
tsan: SANITIZERS = -fsanitize=thread
asan tsan:
	$(call install_packages,$(TEST_PACKAGES) $(APR_PACKAGES))
	@$(if $(WANT_APR),[ -f $(WANT_APR) ] || t/apr-debug.sh $(DEPS) $(dir $(WANT_APR)))
	@$(SUB_MAKE) BUILD=$(BUILD)-$@ OPT="-O1 -g -fno-omit-frame-pointer" SANITIZE="$(SANITIZERS)" \
	    $(if $(WANT_SUITES),all) $(if $(WANT_UNIT),unit)
	@$(if $(WANT_SUITES),WF_JOBS=1 WF_UNDER=$@ WF_APR=$(abspath $(WANT_APR)) t/run $(abspath $(BUILD))-$@ $(T))

# httpd with the module under valgrind; the whole of the suites would take days.
VALGRIND_TESTS = $(addprefix t/activiti/,start.t task-complete.t upload.t openapi.t identity.t) \
                 $(addprefix t/workflow/,submit.t control.t list.t websocket.t idempotency.t)
valgrind:
	$(call install_packages,$(TEST_PACKAGES) $(APR_PACKAGES) valgrind)
	@[ -f $(WANT_APR) ] || t/apr-debug.sh $(DEPS) $(dir $(WANT_APR))
	@$(SUB_MAKE) all
	@WF_JOBS=1 WF_UNDER=$@ WF_APR=$(abspath $(WANT_APR)) t/run $(abspath $(BUILD)) $(or $(T),$(VALGRIND_TESTS))

# Which lines the tests have run, by rooms. Without T all counts begin anew.
coverage:
	$(call install_packages,$(TEST_PACKAGES))
	@$(if $(T),,find $(BUILD)-$@ -name '*.gcda' -delete 2>/dev/null || :)
	@$(COUNTED) all
	@$(if $(WANT_UNIT),$(COUNTED) unit || touch $(BUILD)-$@/failed)
	@$(if $(WANT_SUITES),WF_UNDER=$@ t/run $(abspath $(BUILD))-$@ $(T) || touch $(BUILD)-$@/failed)
	@t/coverage $(BUILD)-$@
	@! [ -f $(BUILD)-$@/failed ] || { rm $(BUILD)-$@/failed; echo "some tests failed" >&2; false; }
COUNTED = $(SUB_MAKE) BUILD=$(BUILD)-coverage OPT="-O0 -g" \
          SANITIZE="-fprofile-arcs -ftest-coverage -fprofile-update=prefer-atomic"

# Each t/fuzz/<room>_<what>.c runs for SECONDS seconds, from its corpus in t/fuzz/corpus. The
# same corpora are replayed by the unit tests, without a fuzzer.
SECONDS ?= 60
# Newer compilers than Debian 12's define that by themselves.
FUZZ_OPT      = -O1 -g -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
FUZZ_SANITIZE = -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
CORPUS_core_json      = json
CORPUS_core_time      = time
CORPUS_client_address = address
CORPUS_ipc_frame      = frame
CORPUS_engine_archive = archive
CORPUS_engine_peer    = peer
CORPUS_script_expr    = expr
CORPUS_script_jsonpath = jsonpath
CORPUS_script_js      = js
CORPUS_decision_parse = dmn
CORPUS_decision_feel  = feel
CORPUS_bpmn_parse     = bpmn
CORPUS_bpmn_date      = date
CORPUS_bpmn_timer     = timer
CORPUS_bpmn_form      = form
CORPUS_steps_yaml     = yaml
CORPUS_steps_answer   = answer
CORPUS_steps_script   = script
CORPUS_steps_record   = record
CORPUS_database_sql   = sql
CORPUS_metrics_sheet  = sheet
CORPUS_metrics_threshold = threshold
CORPUS_load_csv       = csv
CORPUS_http_multipart = multipart
CORPUS_http_request   = request
CORPUS_stream_client  = stream
CORPUS_link_stranger  = link
CORPUS_cluster_slave  = slave
CORPUS_auth_jwt       = jwt
CORPUS_activiti_variables = variables
FUZZ_ROOM = $(firstword $(subst _, ,$(1)))
FUZZERS   = $(patsubst t/fuzz/%.c,%,$(wildcard t/fuzz/*.c))

fuzz:
	$(call install_packages,$(FUZZ_PACKAGES))
	@$(foreach f,$(FUZZERS),$(MAKE) --no-print-directory -s BUILD=$(BUILD)-fuzz CC=clang \
	    OPT="$(FUZZ_OPT)" SANITIZE="$(FUZZ_SANITIZE)" fuzz-$(f) &&) true

# Requests of all sorts to both faces; SEED= repeats a run.
fuzz-rest:
	$(call install_packages,$(TEST_PACKAGES))
	@$(SUB_MAKE) all
	@V=1 WF_SECONDS=$(SECONDS) WF_SEED=$(or $(SEED),$(shell date +%s)) t/run $(abspath $(BUILD)) t/httpd/fuzz.t

fuzz-%: $(BUILD)/t/fuzz/%
	@mkdir -p $(BUILD)/found/$*
	$(BUILD)/t/fuzz/$* -max_total_time=$(SECONDS) -rss_limit_mb=4096 -timeout=20 \
	    -artifact_prefix=$(BUILD)/found/ $(BUILD)/found/$* t/fuzz/corpus/$(CORPUS_$*)

define FUZZ_RULE
$(BUILD)/t/fuzz/$(1): $(BUILD)/t/fuzz/$(1).o $(call obj,$(filter-out $(PARENT),$(foreach r,$(BELOW_$(call FUZZ_ROOM,$(1))),$(wildcard modules/$(r)/*.c)))) $(call needs_qjs,$(call FUZZ_ROOM,$(1)))
	$$(call say,LINK) $$(CC) -fsanitize=address,undefined,fuzzer $(call without_httpd,$(call FUZZ_ROOM,$(1))) -o $$@ $$^ $$(ENGINE_LIBS)
endef
$(foreach f,$(FUZZERS),$(eval $(call FUZZ_RULE,$(f))))

MANUAL     = $(SHAREDIR)/man/man1/workflow-engine.1
COMPLETION = $(SHAREDIR)/bash-completion/completions/workflow-engine

install: all
	mkdir -p $(addprefix $(DESTDIR),$(BINDIR) $(DATADIR) $(dir $(MANUAL)) $(dir $(COMPLETION))) \
	    $(DESTDIR)$(shell $(APXS) -q LIBEXECDIR)
	$(APXS) -S LIBEXECDIR=$(DESTDIR)$(shell $(APXS) -q LIBEXECDIR) -i -n workflow $(BUILD)/mod_workflow.la
	install -m 755 $(ENGINE) $(DESTDIR)$(BINDIR)/workflow-engine
	install -m 644 conf/workflow.conf $(DESTDIR)$(DATADIR)/workflow.conf
	install -m 644 docs/workflow-engine.1 $(DESTDIR)$(MANUAL)
	$(ENGINE) completion bash >$(DESTDIR)$(COMPLETION)

uninstall:
	rm -f $(DESTDIR)$(shell $(APXS) -q LIBEXECDIR)/mod_workflow.so \
	    $(addprefix $(DESTDIR),$(BINDIR)/workflow-engine $(MANUAL) $(COMPLETION))
	rm -rf $(DESTDIR)$(DATADIR)

clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-tsan $(BUILD)-coverage $(BUILD)-fuzz

distclean: clean
	rm -rf $(DEPS)
