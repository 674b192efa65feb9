"""Whatever the proxy calls of libuv, OpenSSL, cJSON and the system fails once in a test_loop*.c, or cannot fail."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CALL = re.compile(r"\b(uv_[a-z0-9_]+|(?:EVP|BN|EC|OSSL|X509|BIO|RAND|SSL|CRYPTO|OPENSSL|SHA256)_\w+|d2i_\w+|cJSON_\w+|"
                  r"malloc|calloc|realloc|strdup|mmap|getrandom)\(")
WRAP = re.compile(r"^/\* wrap: (.*) \*/$", re.MULTILINE)

# A macro, and what it calls.
MACROS = {
    "SSL_CTX_set_min_proto_version": "SSL_CTX_ctrl",
    "SSL_CTX_set_mode": "SSL_CTX_ctrl",
    "SSL_CTX_set_session_cache_mode": "SSL_CTX_ctrl",
    "SSL_set_tlsext_host_name": "SSL_ctrl",
}

CANNOT_FAIL = {
    # libuv: they refuse only a handle that was never opened or is closing, or are told what failed elsewhere
    "uv_timer_init", "uv_timer_start", "uv_timer_stop", "uv_read_start", "uv_read_stop", "uv_close", "uv_cancel",
    "uv_buf_init", "uv_is_active", "uv_is_closing", "uv_hrtime", "uv_strerror", "uv_freeaddrinfo",
    # parsers of an address: of what the client or the user wrote
    "uv_ip4_addr", "uv_ip6_addr",
    # OpenSSL: static objects, fields that are read or set, what lets go
    "SHA256_Init", "SHA256_Update", "SHA256_Final", "EVP_sha1", "EVP_MD_CTX_free", "EVP_MD_CTX_reset",
    "EVP_PKEY_free", "EVP_PKEY_CTX_free",
    "BN_clear_free", "EC_POINT_free", "EC_GROUP_free", "OSSL_PARAM_BLD_free", "OSSL_PARAM_free",
    "OPENSSL_cleanse", "CRYPTO_memcmp", "X509_free", "X509_verify_cert_error_string", "X509_STORE_set_get_issuer",
    "X509_STORE_get_ex_data", "X509_STORE_CTX_get0_store", "BIO_free", "BIO_meth_free", "BIO_get_data", "BIO_set_data",
    "BIO_set_init", "BIO_clear_retry_flags", "BIO_set_retry_read", "BIO_meth_set_read_ex", "BIO_meth_set_write_ex",
    "BIO_meth_set_ctrl", "BIO_meth_set_create", "BIO_get_new_index", "SSL_free", "SSL_CTX_free", "SSL_SESSION_free",
    "SSL_get_error", "SSL_pending", "SSL_get0_param", "SSL_get_SSL_CTX", "SSL_get_app_data", "SSL_CTX_get_app_data",
    "SSL_CTX_get_cert_store", "SSL_get_verify_result", "SSL_set_bio", "SSL_set_connect_state", "SSL_set_hostflags",
    "SSL_set_shutdown", "SSL_CTX_set_verify", "SSL_CTX_set_security_level", "SSL_CTX_set_options", "SSL_CTX_sess_set_new_cb",
    "SSL_SESSION_get_protocol_version",
    # ... and what does without where they fail: a session is not kept, roots are read again, the next draw asks again
    "SSL_set_app_data", "SSL_CTX_set_app_data", "X509_STORE_set_ex_data", "RAND_poll",
    # cJSON: readers of what it has parsed
    "cJSON_Delete", "cJSON_GetObjectItem", "cJSON_GetObjectItemCaseSensitive", "cJSON_GetStringValue",
    "cJSON_GetArraySize", "cJSON_IsArray", "cJSON_IsObject", "cJSON_IsString", "cJSON_IsNumber", "cJSON_IsTrue",
    "cJSON_IsBool", "cJSON_ArrayForEach",
}


def without_comments(source):
    return re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)


def calls():
    found = set()
    for path in [*ROOT.glob("proxy/**/*.c"), *ROOT.glob("proxy/**/*.h")]:
        found.update(CALL.findall(without_comments(path.read_text())))
    return {MACROS.get(name, name) for name in found}


def wrapped():
    return {name for path in (ROOT / "tests" / "unit").glob("test_loop*.c")
            for names in WRAP.findall(path.read_text()) for name in names.split()}


def test_each_call_fails_once():
    assert sorted(calls() - wrapped() - CANNOT_FAIL) == []


def test_the_list_is_of_calls_that_are_made():
    assert sorted(CANNOT_FAIL - calls()) == []
    assert sorted(CANNOT_FAIL & wrapped()) == []
