/* What would make a refused request pass: an error answer of AWS, whatever its dialect, becomes one
 * of a few things to do. Pure.
 * Sources: S3 API Reference, "Error responses"; IAM API Reference, "Common Errors"; botocore's
 * S3RegionRedirector and retry handlers; smithy-typescript, service-error-classification. */
#pragma once

#include "proxy/base/span.h"

enum remedy {
    REMEDY_NONE,   /* relay it */
    REMEDY_KEYS,   /* the session's keys have ended: newer ones */
    REMEDY_CLOCK,  /* the signature's time is too far from the server's: its Date */
    REMEDY_REGION, /* the bucket lies in another region */
    REMEDY_PAUSE,  /* throttled: later */
};

struct refusal {
    unsigned status;
    bool s3;
    struct span error_type;    /* the header X-Amzn-ErrorType; may be empty */
    struct span bucket_region; /* the header X-Amz-Bucket-Region; may be empty */
    struct span body;          /* all of it, or nothing */
};

/* Whether the status alone can call for a remedy: the body need be looked at. */
bool remedy_possible(unsigned status);

/* region: set for REMEDY_REGION, into the refusal's spans; always shaped as a region. */
enum remedy remedy_of(const struct refusal *refusal, struct span *region);
