/* What was asked and allowed, in bounded memory: pairs of an action and a resource. Many object
 * keys become one prefix. Pure: one allocation, no clock, the same calls give the same record. */
#pragma once

#include "proxy/base/err.h"
#include "proxy/permissions/permission.h"

enum {
    RECORDER_BYTES = 64 * 1024,
    RECORDER_MAX_BYTES = 4 * 1024 * 1024,
    RECORDER_ACTION_BYTES = 128,
    RECORDER_RESOURCE_BYTES = 2048
};

/* A pair of the record. */
struct recorded {
    struct span action;
    struct span resource;
    bool folded;  /* every resource that begins so; with an empty resource, every one */
    bool widened; /* folded for want of room, over what has nothing to do with one another */
};

/* How far the record can be trusted. */
struct recorder_state {
    size_t count;
    uint64_t lost; /* pairs that found no place: the record is not complete */
    bool widened;  /* full: resources that have nothing to do with one another became one "*" */
};

struct recorder;

/* All of its memory, from 4 KiB to RECORDER_MAX_BYTES. NULL without memory; recorder_destroy() ends
 * it. */
struct recorder *recorder_create(size_t bytes);
void recorder_destroy(struct recorder *recorder);

/* Adds what an allowed request needed; copies what it keeps. A star at a resource's end
 * stands for all that begins so.
 *
 * S3's keys: up to 8 different names in a folder stay as they are, more become "folder/" and all
 * below; a fold does not end inside a folder that is named by a number, a date or a random id, as
 * tomorrow's is another. Jobs, whose names are made for each, fold from the third. Nothing else
 * does until the memory is full: then the largest buckets fold whole, then resources of one type,
 * then an action's resources become "*", and recorder_state() says so. */
void recorder_add(struct recorder *recorder, const struct permissions *permissions);

/* The same for one pair. */
void recorder_add_pair(struct recorder *recorder, struct recorded pair);

struct recorder_state recorder_state(const struct recorder *recorder);

/* Says of a record that one merged into it had lost or widened something. */
void recorder_mark(struct recorder *recorder, uint64_t lost, bool widened);

/* The pairs in order of action and resource, for free(); they point into the recorder and are good
 * until the next add. NULL without memory. */
struct recorded *recorder_list(const struct recorder *recorder);
