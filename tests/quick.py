"""The files that `make test-quick` runs: each takes some seconds and starts no server."""

QUICK = frozenset(
    f"tests/{file}.py"
    for file in (
        "auth/test_contrast auth/test_identity auth/test_names auth/test_threat_model auth/test_tokens "
        "contract/test_runner examples/test_genshi highlight/engine/test_service highlight/test_hints "
        "highlight/test_lists highlight/test_names highlight/test_pages highlight/test_refusals "
        "highlight/test_requests htmldiff/test_blocks htmldiff/test_core htmldiff/test_requests "
        "htmldiff/test_safety htmldiff/test_styles htmldiff/test_words kit/test_archive kit/test_body "
        "kit/test_caching kit/test_cli kit/test_dispatch kit/test_freshness kit/test_listen kit/test_openapi "
        "kit/test_options kit/test_problems kit/test_pure kit/test_time_limit nginx/test_variables "
        "test_layers test_settings test_wiring thumbnail/test_codecs thumbnail/test_damage "
        "thumbnail/test_geometry thumbnail/test_headers thumbnail/test_info thumbnail/test_kinds "
        "thumbnail/test_links thumbnail/test_metadata"
    ).split()
)
