# mod_workflow. `make run` serves a demo, `make check` runs every test; README.md says more.

PORT  ?= 8080
STATE ?= ./run
T     ?=
BUILD ?= .build

APXS       ?= apxs
CC         ?= gcc
PKG_CONFIG ?= pkg-config

all: module engine

# ---- what is built ----------------------------------------------------------------------------
# The rooms of httpd's children go into the module, those of the engine process into the
# workflow-engine binary. Of the engine room the module holds the half that starts it.
MODULE_ROOMS = core ipc store http auth activiti workflow
ENGINE_ROOMS = core ipc store script client bpmn load engine cli
PARENT       = modules/engine/parent.c

MODULE_SRCS = mod_workflow.c $(PARENT) $(foreach r,$(MODULE_ROOMS),$(wildcard modules/$(r)/*.c))
ENGINE_SRCS = $(filter-out $(PARENT),$(foreach r,$(ENGINE_ROOMS),$(wildcard modules/$(r)/*.c)))

# Everything a room's unit tests link: the room and all rooms below it.
BELOW_core     = core
BELOW_ipc      = ipc core
BELOW_store    = store core
BELOW_script   = script core
BELOW_client   = client core
BELOW_bpmn     = bpmn store script core
BELOW_load     = load script client core
BELOW_engine   = engine load bpmn script client store ipc core
BELOW_http     = http auth store ipc core
BELOW_auth     = auth store ipc core
BELOW_activiti = activiti http auth store ipc core
BELOW_workflow = workflow http auth store ipc core
BELOW_cli      = cli engine load bpmn script client store ipc core
ROOMS = core ipc store script client bpmn load engine http auth activiti workflow cli

# ---- flags --------------------------------------------------------------------------------------
PKGS        = apr-1 apr-util-1 json-c sqlite3
ENGINE_PKGS = $(PKGS) yaml-0.1 libcurl libzip expat libpcre2-8
OPT        ?= -O2 -g
SANITIZE   ?=
WARN        = -Wall -Wextra
CFLAGS     ?=
LDFLAGS    ?=
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(ENGINE_PKGS) 2>/dev/null)
HTTPD_INC  := $(shell $(APXS) -q INCLUDEDIR 2>/dev/null)
ALL_CFLAGS  = -std=gnu11 $(OPT) $(WARN) -D_GNU_SOURCE -DLINUX -D_REENTRANT -fPIC \
              -fvisibility=hidden -pthread $(SANITIZE) -Imodules -I$(BUILD)/gen -It/00unit \
              $(PKG_CFLAGS) $(if $(HTTPD_INC),-I$(HTTPD_INC)) $(CFLAGS)
ENGINE_LIBS = $(shell $(PKG_CONFIG) --libs $(ENGINE_PKGS)) -lm -pthread
MODULE_LIBS = $(shell $(PKG_CONFIG) --libs json-c sqlite3)

MODULE = $(BUILD)/mod_workflow.so
ENGINE = $(BUILD)/workflow-engine

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))

.PHONY: all module engine deps run check unit bench asan tsan fuzz install uninstall clean
.SUFFIXES:
.SECONDARY:

module: $(MODULE)
engine: $(ENGINE)

# apxs knows the linker and flags that httpd's modules need; the objects are ours, because
# both artefacts share them.
$(MODULE): $(call obj,$(MODULE_SRCS))
	$(APXS) -c -S CC=$(CC) -o $(BUILD)/mod_workflow.la $(if $(SANITIZE),-Wl$(comma)$(SANITIZE)) \
	    $^ $(MODULE_LIBS) $(LDFLAGS) >$(BUILD)/apxs.log 2>&1 || { cat $(BUILD)/apxs.log; false; }
	cp $(BUILD)/.libs/mod_workflow.so $@

$(ENGINE): $(call obj,$(ENGINE_SRCS))
	$(CC) $(SANITIZE) $(OPT) -o $@ $^ $(ENGINE_LIBS) $(LDFLAGS)

comma = ,

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# The schema is compiled in: each sql/<driver>/NNN_name.sql becomes a C string.
SQL = $(sort $(wildcard sql/sqlite/*.sql))
$(BUILD)/gen/sql_sqlite.h: $(SQL) Makefile
	@mkdir -p $(@D)
	@{ echo 'static const struct { int number; const char *name; const char *text; } wf_sql_sqlite[] = {'; \
	   for f in $(SQL); do n=$$(basename $$f); \
	     echo "{ $$(echo $$n | sed 's/_.*//; s/^0*//'), \"$$n\","; \
	     sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $$f; echo '},'; done; echo '};'; } >$@
$(call obj,$(wildcard modules/store/*.c)): $(BUILD)/gen/sql_sqlite.h

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- tests ----------------------------------------------------------------------------------------
# t/00unit/<room>/<name>.c is a program that links its room and prints TAP.
define ROOM_RULES
room-$(1): $(call obj,$(filter-out $(PARENT),$(wildcard modules/$(1)/*.c)))
$(BUILD)/t/00unit/$(1)/%: $(BUILD)/t/00unit/$(1)/%.o $(call obj,$(filter-out $(PARENT),$(foreach r,$(BELOW_$(1)),$(wildcard modules/$(r)/*.c))))
	$$(CC) $$(SANITIZE) $$(OPT) -o $$@ $$^ $$(ENGINE_LIBS) $$(LDFLAGS)
endef
$(foreach r,$(ROOMS),$(eval $(call ROOM_RULES,$(r))))

UNIT_SRCS = $(wildcard $(if $(filter t/00unit%,$(T)),$(patsubst %/,%,$(T)),t/00unit)/*.c) \
            $(wildcard $(if $(filter t/00unit%,$(T)),$(patsubst %/,%,$(T)),t/00unit)/*/*.c)
UNIT_BINS = $(patsubst %.c,$(BUILD)/%,$(UNIT_SRCS))

unit: $(UNIT_BINS)
	WF_TOP=$(CURDIR) prove $(if $(V),-v) --exec '' $(UNIT_BINS)

bench-commit: $(BUILD)/t/bench/commit
$(BUILD)/t/bench/commit: $(BUILD)/t/bench/commit.o $(call obj,$(foreach r,store core,$(wildcard modules/$(r)/*.c)))
	$(CC) $(SANITIZE) $(OPT) -o $@ $^ $(ENGINE_LIBS) $(LDFLAGS)
