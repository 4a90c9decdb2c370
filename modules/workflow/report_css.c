/* The style sheet of reports; the build makes a text of report.css. */
#include "workflow/report.h"

#include "report_css.h"
