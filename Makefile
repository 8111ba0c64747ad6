# tcpwhy: `make` builds build/tcpwhy, `make help` lists the rest.

BUILD    ?= build
CC       ?= gcc
PREFIX   ?= /usr/local
VERSION  := 0.1.0
SANITIZE ?=

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings
OPTIMIZE ?= -O2 -g
PACKAGES := libpcap libarchive jansson
CFLAGS   += -std=gnu17 $(OPTIMIZE) $(WARNINGS) -fvisibility=hidden -fPIC \
            -D_GNU_SOURCE -DTCPWHY_VERSION='"$(VERSION)"' -DLOCALE_DIR='"$(PREFIX)/share/locale"' \
            -Isrc -Iinclude $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null) \
            $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
LDFLAGS  += $(if $(SANITIZE),-fsanitize=$(SANITIZE))
LDLIBS   += $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)

# The layers of the library, lowest first; tests/layers.t holds them to it.
LAYERS   := base source packet flow reset cause diagnose analysis report
LIB_SRC  := $(foreach layer,$(LAYERS),$(wildcard src/$(layer)/*.c))
CLI_SRC  := $(wildcard src/cli/*.c)
TEST_SRC := $(wildcard tests/*/*.c)
FUZZ_SRC := $(wildcard fuzz/*.c)

LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/%.o)
CLI_OBJ  := $(CLI_SRC:%.c=$(BUILD)/%.o)
TESTS    := $(TEST_SRC:%.c=$(BUILD)/%.t)
ALL_OBJ  := $(LIB_OBJ) $(CLI_OBJ)

.PHONY: all
all: $(BUILD)/tcpwhy

$(BUILD)/tcpwhy: $(CLI_OBJ) $(BUILD)/libtcpwhy-all.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Everything, for the program and the tests; the installed library shows its public functions only.
$(BUILD)/libtcpwhy-all.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%.t: tests/%.c $(BUILD)/libtcpwhy-all.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(BUILD)/libtcpwhy-all.a $(LDLIBS)

.PHONY: tests
tests: $(TESTS)

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include $(ALL_OBJ:.o=.d) $(TESTS:=.d)
