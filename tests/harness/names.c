// The resolver of a test's program: loaded before libc, it answers getaddrinfo() from the variable NAMES
// ("host=address+address,host=...", a host "*.suffix" stands for all below it; an address "slow" waits a
// second, "held" in place of all waits until the list says something else, "lost" says so and waits for
// ever) and knows no other name but numeric ones and localhost. Where NAMES_FILE names a file that list
// is read from it, at each question anew. Connections to port 443 go to port NAMES_443 instead, those to
// port 8443 to NAMES_8443.
// So a test can let the real AWS names lead to a server of its own, and no test ever asks a real name server.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef int getaddrinfo_type(const char *, const char *, const struct addrinfo *,
                             struct addrinfo **);
typedef int connect_type(int, const struct sockaddr *, socklen_t);

static bool matches(const char *pattern, size_t length, const char *host)
{
    size_t host_length = strlen(host);
    if (length > 1 && pattern[0] == '*')
        return host_length >= length - 1 &&
               strncasecmp(host + host_length - (length - 1), pattern + 1, length - 1) == 0;
    return host_length == length && strncasecmp(host, pattern, length) == 0;
}

// The list as it stands now; bytes must hold one from a file.
static const char *list(char *bytes, size_t most)
{
    const char *path = getenv("NAMES_FILE");
    if (path == NULL)
        return getenv("NAMES");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, bytes, most - 1);
    if (fd >= 0)
        close(fd);
    bytes[length > 0 ? length : 0] = '\0';
    return bytes;
}

// The addresses of host in such a list, or NULL.
static const char *find(const char *entry, const char *host)
{
    while (entry != NULL && *entry != '\0') {
        const char *equals = strchr(entry, '=');
        if (equals == NULL)
            return NULL;
        if (matches(entry, (size_t)(equals - entry), host))
            return equals + 1;
        entry = strchr(equals, ',');
        entry = entry == NULL ? NULL : entry + 1;
    }
    return NULL;
}

static bool is_local(const char *host)
{
    unsigned char address[16];
    return strcmp(host, "localhost") == 0 || inet_pton(AF_INET, host, address) == 1 ||
           inet_pton(AF_INET6, host, address) == 1;
}

// A name server that does not answer yet, or never will.
static const char *find_at_last(char *bytes, size_t most, const char *host)
{
    const char *addresses;
    while ((addresses = find(list(bytes, most), host)) != NULL && strncmp(addresses, "held", 4) == 0)
        usleep(5000);
    if (addresses != NULL && strncmp(addresses, "lost", 4) == 0) {
        dprintf(STDERR_FILENO, "%s is lost\n", host);
        while (true)
            pause();
    }
    return addresses;
}

// glibc's freeaddrinfo() frees node by node, so several results can be one chain.
static int resolve_listed(getaddrinfo_type *real, const char *addresses, const char *service,
                          const struct addrinfo *hints, struct addrinfo **result)
{
    struct addrinfo **end = result;
    int error = EAI_NONAME;
    *result = NULL;
    while (*addresses != '\0' && *addresses != ',') {
        char address[64] = {0};
        size_t length = strcspn(addresses, "+,");
        memcpy(address, addresses, length < sizeof address ? length : sizeof address - 1);
        addresses += length + (addresses[length] == '+');
        if (strcmp(address, "slow") == 0)
            sleep(1);
        else if ((error = real(address, service, hints, end)) != 0)
            return error;
        while (*end != NULL)
            end = &(*end)->ai_next;
    }
    return error;
}

int getaddrinfo(const char *restrict host, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
    getaddrinfo_type *real = __extension__(getaddrinfo_type *)dlsym(RTLD_NEXT, "getaddrinfo");
    if (host == NULL || is_local(host))
        return real(host, service, hints, result);
    char bytes[4096];
    const char *addresses = find_at_last(bytes, sizeof bytes, host);
    return addresses == NULL ? EAI_NONAME : resolve_listed(real, addresses, service, hints, result);
}

// The port in whose place another stands, in network order.
static in_port_t moved(in_port_t port)
{
    const char *other = port == htons(443)    ? getenv("NAMES_443")
                        : port == htons(8443) ? getenv("NAMES_8443")
                                              : NULL;
    return other == NULL ? port : htons((unsigned short)atoi(other));
}

int connect(int socket, const struct sockaddr *address, socklen_t length)
{
    connect_type *real = __extension__(connect_type *)dlsym(RTLD_NEXT, "connect");
    struct sockaddr_storage copy = {0};
    if (length > sizeof copy)
        return real(socket, address, length);
    memcpy(&copy, address, length);
    struct sockaddr_in *v4 = (struct sockaddr_in *)&copy;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&copy;
    if (copy.ss_family == AF_INET)
        v4->sin_port = moved(v4->sin_port);
    else if (copy.ss_family == AF_INET6)
        v6->sin6_port = moved(v6->sin6_port);
    return real(socket, (struct sockaddr *)&copy, length);
}
