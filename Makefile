# tcpwhy: `make` builds build/tcpwhy, `make help` lists the rest.

BUILD    ?= build
CC       ?= gcc
ifeq ($(origin CC),default)
CC       := gcc
endif
PREFIX   ?= /usr/local
DESTDIR  ?=
VERSION  := 0.1.0
SONAME   := libtcpwhy.so.0
SANITIZE ?=
# `make V=1` shows the commands.
Q        := $(if $(V),,@)
said      = $(if $(V),,@echo '  $(1)  $@')

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings
OPTIMIZE ?= -O3 -g
PACKAGES := libpcap libarchive jansson
# What the program needs and the library does not.
PROGRAM_PACKAGES := libmnl libnftables libbpf libdw
PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) $(PROGRAM_PACKAGES) 2>/dev/null)
PACKAGE_LIBS   := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
PROGRAM_LIBS   := $(shell pkg-config --libs $(PROGRAM_PACKAGES) 2>/dev/null)
SANITIZERS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
CFLAGS   += -std=gnu17 $(OPTIMIZE) $(WARNINGS) -fvisibility=hidden -fPIC \
            -D_GNU_SOURCE -DTCPWHY_VERSION='"$(VERSION)"' \
            -Isrc -Iinclude $(PACKAGE_CFLAGS) $(SANITIZERS)
LDFLAGS  += -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE))
LDLIBS   += $(PACKAGE_LIBS)

# The layers of the library, lowest first; tests/layers.sh holds them to it.
LAYERS   := base source packet flow reset cause diagnose analysis vantage report
LIB_SRC  := $(foreach layer,$(LAYERS),$(wildcard src/$(layer)/*.c))
# Those of the program, above the library.
PROGRAM_LAYERS := lab live probe
LAB_SRC  := $(foreach layer,$(PROGRAM_LAYERS),$(wildcard src/$(layer)/*.c))
CLI_SRC  := $(wildcard src/cli/*.c)
# One program a file; what several of them share stands in tests/support, what is no test in tests/tools.
TEST_SRC := $(filter-out tests/support/% tests/tools/%,$(wildcard tests/*/*.c))
HELP_SRC := $(wildcard tests/support/*.c)
FUZZ_SRC := $(filter-out fuzz/replay.c,$(wildcard fuzz/*.c))

LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/%.o)
LAB_OBJ  := $(LAB_SRC:%.c=$(BUILD)/%.o)
CLI_OBJ  := $(CLI_SRC:%.c=$(BUILD)/%.o)
HELP_OBJ := $(HELP_SRC:%.c=$(BUILD)/%.o)
TESTS    := $(TEST_SRC:%.c=$(BUILD)/%.t)
SHELL_TESTS := $(wildcard tests/*.sh tests/lab/*.sh tests/live/*.sh tests/vantage/*.sh tests/probe/*.sh)
# Those that play on the network run one at a time: time passes in them, and they share the machine with nobody.
NETWORK_TESTS := $(foreach layer,$(PROGRAM_LAYERS),$(filter $(BUILD)/tests/$(layer)/%,$(TESTS)) \
                 $(filter tests/$(layer)/%,$(SHELL_TESTS)))
# What they say of the source itself they say of any build.
SOURCE_TESTS  := tests/banned.sh tests/headers.sh tests/layers.sh tests/lengths.sh
COMPUTING_TESTS := $(filter-out $(NETWORK_TESTS) $(if $(SANITIZE),$(SOURCE_TESTS)),$(TESTS) $(SHELL_TESTS))
PROVE     = BUILD=$(BUILD) CC='$(CC)' SANITIZE='$(SANITIZE)' LC_ALL=C.UTF-8 TZ=UTC prove $(PROVE_FLAGS)
FUZZERS  := $(FUZZ_SRC:%.c=$(BUILD)/%)
REPLAYS  := $(FUZZ_SRC:%.c=$(BUILD)/%-replay)
ALL_OBJ  := $(LIB_OBJ) $(LAB_OBJ) $(CLI_OBJ) $(HELP_OBJ)
STATIC   := $(BUILD)/libtcpwhy-all.a

.DELETE_ON_ERROR:
.SECONDARY:

.PHONY: all
all: $(BUILD)/tcpwhy                ## build build/tcpwhy

.PHONY: help
help:                               ## this list
	@echo 'make [BUILD=build] [CC=gcc] [SANITIZE=address,undefined] [PREFIX=/usr/local] [DESTDIR=]'
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1 /p' $(firstword $(MAKEFILE_LIST)) | while read -r name text; do \
		printf '  make %-10s %s\n' "$$name" "$$text"; done

# ---- the program

$(BUILD)/tcpwhy: $(CLI_OBJ) $(LAB_OBJ) $(STATIC)
	$(call said,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PROGRAM_LIBS)

# Everything, for the program and the tests; the installed library shows its public functions only.
$(STATIC): $(LIB_OBJ)
	$(call said,AR  )
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call said,CC  )
	$(Q)$(CC) $(CFLAGS) $(if $(filter tests/%,$<),-Itests) -MMD -MP -c -o $@ $<

# The programs for the kernel: built by clang whatever CC is, carried in the skeleton that the loader includes.
BPF_CLANG ?= clang
BPFTOOL   ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
BPF_ARCH  := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
BPF_OBJ   := $(BUILD)/src/live/bpf/reset.bpf.o

$(BPF_OBJ): src/live/bpf/reset.bpf.c
	@mkdir -p $(@D)
	$(call said,BPF )
	$(Q)$(BPF_CLANG) -O2 -g -fno-strict-aliasing -target bpf -mcpu=v3 \
		-D__TARGET_ARCH_$(BPF_ARCH) -Wall -Wextra -Werror -Isrc -MMD -MP -c -o $@ $<

$(BUILD)/src/live/bpf/reset.skel.h: $(BPF_OBJ)
	$(call said,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name reset_bpf > $@

$(BUILD)/src/live/tracer.o: CFLAGS += -I$(BUILD)/src
$(BUILD)/src/live/tracer.o: $(BUILD)/src/live/bpf/reset.skel.h

# The one object that knows where it will be installed.
$(BUILD)/src/cli/main.o: CFLAGS += -DLOCALE_DIR='"$(PREFIX)/share/locale"'
$(BUILD)/src/cli/main.o: $(BUILD)/prefix

$(BUILD)/prefix: FORCE
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' > $@

.PHONY: FORCE
FORCE:

.PHONY: deps
deps:                               ## install what is missing to build and to test (apt; else print the line)
	tools/deps.sh build check

.PHONY: demo
demo:                               ## install what is missing, build, make a reset happen and explain it
	tools/deps.sh build
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) tools/demo.sh

# ---- tests

# The packages must be there before pkg-config is asked for them, hence the second make.
.PHONY: check
check: deps                         ## install what is missing, build, run all tests
	@$(MAKE) --no-print-directory test

.PHONY: test
test: tests                         ## build and run all tests
	$(Q)failed=0; \
	$(PROVE) --jobs $(shell nproc) $(COMPUTING_TESTS) || failed=1; \
	$(PROVE) $(NETWORK_TESTS) || failed=1; \
	[ $$failed -eq 0 ] || echo 'Tests failed: see both summaries, of what computes and of what plays on the network.'; \
	exit $$failed

.PHONY: tests
tests: $(BUILD)/tcpwhy $(TESTS) $(REPLAYS) $(BUILD)/check_json $(BUILD)/refuse $(BUILD)/shift $(BUILD)/stage examples

# Tests of the layers above the library.
PROGRAM_TESTS := $(foreach layer,$(PROGRAM_LAYERS),$(filter $(BUILD)/tests/$(layer)/%,$(TESTS)))
$(PROGRAM_TESTS): STATIC := $(LAB_OBJ) $(STATIC)
$(PROGRAM_TESTS): LDLIBS += $(PROGRAM_LIBS)
$(PROGRAM_TESTS): $(LAB_OBJ)

$(BUILD)/tests/%.t: tests/%.c $(HELP_OBJ) $(STATIC)
	@mkdir -p $(@D)
	$(call said,LINK)
	$(Q)$(CC) $(CFLAGS) -Itests -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(HELP_OBJ) $(STATIC) $(LDLIBS)

# Programs around the tests, which prove does not run.
$(BUILD)/%: tests/tools/%.c $(HELP_OBJ) $(STATIC)
	@mkdir -p $(@D)
	$(call said,LINK)
	$(Q)$(CC) $(CFLAGS) -Itests -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(HELP_OBJ) $(STATIC) $(LDLIBS)

# ---- the server and the clients of the account, for `tcpwhy lab --client` and by hand

EXAMPLES  := $(BUILD)/examples/server $(BUILD)/examples/writer $(BUILD)/examples/reader
JAVA_SRC  := $(wildcard examples/*.java)

.PHONY: examples
examples: $(EXAMPLES) $(if $(shell command -v javac),$(BUILD)/examples/Peer.class) ## build the programs of examples/

# Without sanitizers: they trace processes themselves, and so does the lab.
$(EXAMPLES): $(BUILD)/examples/%: examples/%.c examples/peer.c examples/peer.h
	@mkdir -p $(@D)
	$(call said,LINK)
	$(Q)$(CC) $(filter-out $(SANITIZERS),$(CFLAGS)) -o $@ $< examples/peer.c

$(BUILD)/examples/Peer.class: $(JAVA_SRC)
	@mkdir -p $(@D)
	$(call said,JAVA)
	$(Q)javac -d $(@D) $(JAVA_SRC)

.PHONY: samples
samples: all                        ## play the captures in samples/ again
	BUILD=$(BUILD) tools/samples.sh

# ---- hostile input

# libFuzzer wants every object built for it, so this has a build folder of its own; what it learns stays there, too.
FUZZ_SECONDS ?= 60
FUZZ_BUILD    = $(BUILD)-fuzz
.PHONY: fuzz
fuzz:                               ## fuzz each target of fuzz/ for FUZZ_SECONDS=60 (clang)
	$(MAKE) CC=clang BUILD=$(FUZZ_BUILD) SANITIZE=address,undefined,fuzzer-no-link fuzzers
	set -e; for target in $(FUZZ_SRC:fuzz/%.c=%); do \
		mkdir -p $(FUZZ_BUILD)/corpus/$$target fuzz/corpus/$$target; \
		$(FUZZ_BUILD)/fuzz/$$target -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -timeout=20 \
			-artifact_prefix=$(FUZZ_BUILD)/$$target- $(FUZZ_BUILD)/corpus/$$target fuzz/corpus/$$target; done

.PHONY: fuzzers
fuzzers: $(FUZZERS)

$(FUZZERS): $(BUILD)/fuzz/%: fuzz/%.c $(STATIC)
	@mkdir -p $(@D)
	$(call said,LINK)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $< $(STATIC) $(LDLIBS)

$(REPLAYS): $(BUILD)/fuzz/%-replay: fuzz/%.c fuzz/replay.c $(STATIC)
	@mkdir -p $(@D)
	$(call said,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ fuzz/$*.c fuzz/replay.c $(STATIC) $(LDLIBS)

# A target named for a layer of the program is linked with that.
LAYER_FUZZERS := $(foreach layer,$(PROGRAM_LAYERS),$(filter $(BUILD)/fuzz/$(layer) $(BUILD)/fuzz/$(layer)-replay,\
	$(FUZZERS) $(REPLAYS)))
$(LAYER_FUZZERS): STATIC := $(LAB_OBJ) $(STATIC)
$(LAYER_FUZZERS): LDLIBS += $(PROGRAM_LIBS)
$(LAYER_FUZZERS): $(LAB_OBJ)

CAPTURES ?= samples
HOSTILE_BUILD ?= $(BUILD)-hostile
.PHONY: hostile
hostile:                            ## cut and change every capture below CAPTURES=DIR, under the sanitizers [EVERY=1]
	$(MAKE) CC=clang BUILD=$(HOSTILE_BUILD) SANITIZE=address,undefined OPTIMIZE='-O1 -g' $(HOSTILE_BUILD)/hostile
	$(HOSTILE_BUILD)/hostile $(CAPTURES) $(EVERY)

.PHONY: bench
bench: all                          ## measure against tcpdump and others
	BUILD=$(BUILD) bench/run.sh
	BUILD=$(BUILD) bench/watch.sh
	BUILD=$(BUILD) bench/probe.sh

# ---- the library, the documents, the installation

EXPORTS := src/report/libtcpwhy.map

$(BUILD)/$(SONAME): $(LIB_OBJ) $(EXPORTS)
	$(call said,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=$(EXPORTS) -o $@ $(LIB_OBJ) $(LDLIBS)

# One object, in which all that is hidden becomes local.
$(BUILD)/libtcpwhy.a: $(LIB_OBJ)
	$(LD) -r -o $(BUILD)/libtcpwhy.o $(LIB_OBJ)
	objcopy --localize-hidden $(BUILD)/libtcpwhy.o
	@rm -f $@
	$(AR) rcs $@ $(BUILD)/libtcpwhy.o

$(BUILD)/tcpwhy.pc: Makefile $(BUILD)/prefix
	@printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$${prefix}/lib' 'includedir=$${prefix}/include' '' \
		'Name: tcpwhy' 'Description: why was this TCP connection reset?' 'Version: $(VERSION)' \
		'Requires.private: $(PACKAGES)' 'Libs: -L$${libdir} -ltcpwhy' 'Cflags: -I$${includedir}' > $@

$(BUILD)/tcpwhy-causes.7: $(BUILD)/tcpwhy
	LC_ALL=C $(BUILD)/tcpwhy causes --man > $@

PO := $(wildcard po/*.po)
MO := $(PO:po/%.po=$(BUILD)/po/%.mo)

$(BUILD)/po/%.mo: po/%.po
	@mkdir -p $(@D)
	msgfmt --check -o $@ $<

.PHONY: pot
pot:                                ## collect the texts for people into po/tcpwhy.pot
	tools/pot.sh po/tcpwhy.pot

.PHONY: readme
readme: all                         ## put the verdict of today onto the first screen of README.md
	BUILD=$(BUILD) tools/readme.sh

.PHONY: lab-table
lab-table: all                      ## play every scenario of the lab and write docs/lab-by-vantage.md again
	BUILD=$(BUILD) tools/lab_table.sh > $(BUILD)/lab-by-vantage.md
	@mv $(BUILD)/lab-by-vantage.md docs/lab-by-vantage.md

.PHONY: install
INSTALLED := $(BUILD)/$(SONAME) $(BUILD)/libtcpwhy.a $(BUILD)/tcpwhy.pc $(BUILD)/tcpwhy-causes.7 $(MO)
install: all $(INSTALLED)          ## install under PREFIX
	install -D -m 755 $(BUILD)/tcpwhy $(DESTDIR)$(PREFIX)/bin/tcpwhy
	install -D -m 644 include/tcpwhy.h $(DESTDIR)$(PREFIX)/include/tcpwhy.h
	install -D -m 644 $(BUILD)/libtcpwhy.a $(DESTDIR)$(PREFIX)/lib/libtcpwhy.a
	install -D -m 755 $(BUILD)/$(SONAME) $(DESTDIR)$(PREFIX)/lib/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(PREFIX)/lib/libtcpwhy.so
	install -D -m 644 $(BUILD)/tcpwhy.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig/tcpwhy.pc
	sed 's|@PREFIX@|$(PREFIX)|' init/tcpwhy-watch.service > $(BUILD)/tcpwhy-watch.service
	install -D -m 644 $(BUILD)/tcpwhy-watch.service $(DESTDIR)$(PREFIX)/lib/systemd/system/tcpwhy-watch.service
	install -D -m 644 man/tcpwhy.1 $(DESTDIR)$(PREFIX)/share/man/man1/tcpwhy.1
	install -D -m 644 $(BUILD)/tcpwhy-causes.7 $(DESTDIR)$(PREFIX)/share/man/man7/tcpwhy-causes.7
	$(foreach mo,$(MO),install -D -m 644 $(mo) \
		$(DESTDIR)$(PREFIX)/share/locale/$(basename $(notdir $(mo)))/LC_MESSAGES/tcpwhy.mo;)

.PHONY: clean
clean:                              ## remove what was built
	rm -rf $(BUILD) $(HOSTILE_BUILD) $(FUZZ_BUILD)

-include $(ALL_OBJ:.o=.d) $(BPF_OBJ:.o=.d) $(TESTS:=.d) $(wildcard $(BUILD)/*.d)
