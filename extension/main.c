/* countersign: reads the environment, builds the proxy, runs it. */
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "extension/commands.h"
#include "extension/lifecycle.h"
#include "proxy/io/lookup.h"
#include "proxy/io/memory.h"

#ifndef COUNTERSIGN_VERSION
#define COUNTERSIGN_VERSION "unknown"
#endif

static const char help[] =
    "countersign " COUNTERSIGN_VERSION
    ": signs a function's plain HTTP requests to AWS with its own role.\n\n"
    "usage: countersign [--check | --version | --help]\n"
    "       countersign policy | unused ...\n\n"
    "  (none)     in Lambda: register as an extension and serve; elsewhere: serve until SIGTERM\n"
    "  --check    check the configuration, print what is in force; exit status 0, or 2 where it is "
    "wrong\n"
    "  policy     the policy that recorded requests need; alone it says how\n"
    "  unused     what a role's policy grants and records never used\n\n"
    "It is configured by the environment. The most useful variables:\n"
    "  COUNTERSIGN_LISTEN        where to listen (localhost:2774)\n"
    "  COUNTERSIGN_AUTH          token: callers show $AWS_SESSION_TOKEN; none: anybody on this "
    "machine\n"
    "  COUNTERSIGN_ENDPOINT_S3   another server for a service, as http:// or https:// URL\n"
    "  COUNTERSIGN_LOG_LEVEL     TRACE, DEBUG, INFO, WARN, ERROR or FATAL\n\n"
    "Then, from any language:\n"
    "  curl -H \"X-Countersign-Token: $AWS_SESSION_TOKEN\" "
    "http://localhost:2774/s3/my-bucket/my/key\n";

/* Not even a core dump or a debugger of the same user is to see the keys. */
static void hide_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
    (void)prctl(PR_SET_DUMPABLE, 0);
#endif
}

/* What is opened first must not take the place of one that whoever started the program has closed:
 * lines of the log would end up in it. */
static void hold_standard_descriptors(void)
{
    int held = STDIN_FILENO; /* the lowest that is free is what open() gives */
    while (held >= 0 && held <= STDERR_FILENO)
        held = open("/dev/null", O_RDWR);
    if (held > STDERR_FILENO)
        (void)close(held);
}

/* So that COUNTERSIGN_MAX_CONNECTIONS can be had: the usual limit of 1,024 is for programs that use
 * select(), and theirs to raise. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* else there are as many as there were */
}

static int check(const struct config *config, enum err err, const struct fault *fault)
{
    if (err) {
        (void)fprintf(stderr, "%s\n", fault->text);
        return EXIT_CONFIGURATION;
    }
    config_print(config);
    return EXIT_CLEAN;
}

/* All of the memory that connections share; it is touched as they need it. */
static struct io_memory memory;
static struct config config;

static int serve(const char *program, const struct fault *fault)
{
    uv_loop_t loop;
    raise_descriptors();
    (void)setenv("UV_THREADPOOL_SIZE", LOOKUP_THREADS, false);
    struct credentials_store *store = credentials_create(&config.credentials);
    if (!store || uv_loop_init(&loop) < 0) {
        (void)fprintf(stderr, "There is not enough memory to start.\n");
        return EXIT_RUN_TIME;
    }
    loop.data = &memory;
    config.proxy.loop = &loop;
    config.proxy.credentials = store;
    struct proxy *proxy = fault ? NULL : proxy_create(&config.proxy);
    struct fault no_memory = {ERR_OUT_OF_MEMORY, "There is not enough memory to start."};
    if (!fault && !proxy)
        fault = &no_memory;
    struct lifecycle_setup setup = {&loop, &config, program, fault, proxy};
    int status = lifecycle_run(&setup);
    if (uv_loop_close(&loop) != 0)
        _exit(status); /* a lookup still hangs on its thread: what it refers to must stay */
    proxy_free(proxy);
    credentials_destroy(store);
    return status;
}

int main(int count, char **arguments)
{
    struct fault fault;
    const char *option = count > 1 ? arguments[1] : "";
    int status;
    hold_standard_descriptors();
    hide_memory();
    if (commands_run(count, arguments, &status))
        return status;
    if (strcmp(option, "--version") == 0)
        return puts("countersign " COUNTERSIGN_VERSION) < 0;
    if (strcmp(option, "--help") == 0)
        return fputs(help, stdout) < 0;
    if (count > 2 || (count > 1 && strcmp(option, "--check") != 0)) {
        (void)fputs(help, stderr);
        return EXIT_CONFIGURATION;
    }
    /* OpenSSL's configuration file would cost a third of the start, and is none of ours. */
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    enum err err = config_load(&config, &fault);
    if (count > 1)
        return check(&config, err, &fault);
    log_setup(config.log_level, config.log_shape, STDOUT_FILENO);
    return serve(arguments[0], err ? &fault : NULL);
}
