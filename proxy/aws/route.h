/* Where a request goes: an address of the client becomes a service, a region, a host to sign and a
 * server to ask. Pure, no allocation; it reads tables and options, never a file or the network. */
#pragma once

#include "proxy/aws/service_host.h"
#include "proxy/base/err.h"
#include "proxy/http/target.h"

/* A server that takes the place of AWS's. */
struct endpoint {
    struct span variable; /* that names it, for messages */
    struct span service;  /* of one: its name (struct service), else as written; len == 0: of all */
    struct authority authority; /* with its port, also where the URL named none */
    bool tls;
};

struct route_options {
    struct span region; /* AWS_REGION; len == 0 where it is not set */
    struct host_variant variant;
    bool s3_virtual; /* a bucket of the service path goes into the host, where it can */
    size_t names;
    const struct span
        *name; /* further names that count as localhost; an address of a listener is one */
    size_t endpoints;
    const struct endpoint *endpoint;
};

enum route_kind { ROUTE_NONE, ROUTE_OWN_PAGE, ROUTE_SERVICE };

struct route {
    enum route_kind kind;
    bool by_path; /* a service path led to AWS; the host is the proxy's choice */
    struct span method;
    struct span path;    /* as the service sees it, as on the wire */
    struct span query;   /* at == NULL where there is none */
    struct span service; /* signing name */
    struct span prefix;  /* endpoint prefix; len == 0 where it is not known */
    struct span region;  /* with sigv4a: a set of regions */
    struct span host;    /* the Host header, which is signed */
    struct span server;  /* the name or address to connect to, and that the certificate must show */
    unsigned port;
    bool tls;
    bool sigv4a;      /* signed by SigV4A */
    bool session;     /* signed with the session of a directory bucket, whose host it is */
    bool s3;          /* of S3's kin: path signed as it is, payload unsigned, errors in XML */
    char memory[896]; /* what the spans point into, where it is not the head */
    char moved[384];  /* the same, once it was moved to another region */
};

/* Where a client's own signature says that it means to go, as an SDK's does: the scope of the
 * credential, and what its operations are named by. Empty where there is none. */
struct route_scope {
    struct span service;
    struct span region;
    struct span target; /* X-Amz-Target */
};

/* Which bucket a request to S3 means; false where it means none, or one that lies in no other
 * region (an access point's). home: the region of the environment. */
bool route_bucket(const struct route *route, struct span home, struct span *bucket);

/* The bucket lies in another region: signs for that, and goes to its host where it went to AWS's.
 * False where the region is of another partition. */
bool route_move(struct route *route, struct span home, struct span region);

/* Whether a client means the proxy itself: localhost, a loopback address, a name of the options, or
 * no name at all. */
bool route_own_name(const struct route_options *options, const struct authority *authority);

/* S3 Control's host names the account that a request is for: on a service path that leads to AWS it
 * is taken from the request's X-Amz-Account-Id. Anything else stays as it is. */
void route_take_account(struct route *route, struct span account);

/* Where the path /SERVICE/ leads, for the proxy's own requests. Errors: as below. */
MUST_USE enum err route_of_service(const struct route_options *options, struct span service,
    struct route *route, struct fault *fault);

/* Decides. What the address does not say the scope does (NULL: there is none): the region, and on a
 * path that does not begin with the service that is signed for, the service too; so a bucket may
 * have a service's name. Errors: HOST_NOT_ALLOWED, UNKNOWN_SERVICE, BAD_REQUEST (no region). */
MUST_USE enum err route_find(const struct route_options *options, const struct target *target,
    const struct route_scope *scope, struct route *route, struct fault *fault);
