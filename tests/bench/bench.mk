# make bench, make bench-cold, make soak: how fast, how soon, how long. None of them is a test.

BENCH_NEEDS := build/countersign build/bench/signing build/venv/ready build/setup/bench.packages

# The release's own objects, and only those that signing needs.
build/bench/signing: build/release/tests/bench/signing.o $(filter build/release/proxy/aws/% build/release/proxy/base/%,$(RELEASE_OBJECTS))
	$(call link,$(CC),$(RELEASE_LINK) $(addprefix -Wl$(,)--wrap=,$(call wraps,tests/bench/signing.c)))

bench: $(BENCH_NEEDS) ## speed, beside nginx and HAProxy: at most 0.9 x nginx's CPU a request, 0.8 and 0.6 a GiB
	$(Q)$(PYTHON) tests/bench/bench.py

bench-cold: layer $(BENCH_NEEDS) ## what a cold start costs: the first object 15 ms after exec, beside boto3 and the JS SDK
	$(Q)$(PYTHON) tests/bench/cold.py

soak: build/countersign build/venv/ready ## mixed traffic, faults and freezes for SOAK_SECONDS (600): nothing lost, no growth
	$(Q)$(PYTHON) tests/soak/soak.py

.PHONY: bench bench-cold soak
