/* The style sheet of the API browser; the build makes a text of browser.css. */
#include "activiti/browser.h"

#include "browser_css.h"
