"""Metrics are counted per application, or over all processes that share a folder."""

from agnews_sk.serving._metrics import CONTENT_TYPE, Metrics


def lines(metrics):
    return metrics.render().decode().splitlines()


def test_responses_are_counted_by_path_and_status():
    metrics = Metrics()
    for status in ("200", "200", "422"):
        metrics.requests.labels("/predict", status).inc()
    assert 'agnews_sk_requests_total{path="/predict",status="200"} 2.0' in lines(metrics)
    assert 'agnews_sk_requests_total{path="/predict",status="422"} 1.0' in lines(metrics)


def test_times_batches_and_waiting_texts_are_recorded():
    metrics = Metrics()
    metrics.seconds.observe(0.003)
    metrics.batch_texts.observe(5)
    metrics.waiting_texts.inc(7)
    metrics.waiting_texts.dec(3)
    found = lines(metrics)
    assert 'agnews_sk_request_seconds_bucket{le="0.0025"} 0.0' in found
    assert 'agnews_sk_request_seconds_bucket{le="0.005"} 1.0' in found
    assert 'agnews_sk_batch_texts_bucket{le="8.0"} 1.0' in found
    assert "agnews_sk_batch_texts_sum 5.0" in found
    assert "agnews_sk_waiting_texts 4.0" in found


def test_two_applications_in_one_process_have_separate_counters():
    first, second = Metrics(), Metrics()
    first.requests.labels("/health", "200").inc()
    assert not any("/health" in line for line in lines(second))


def test_a_folder_of_processes_is_summed(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert lines(Metrics()) == []  # no process has counted anything there


def test_the_content_type_is_that_of_prometheus():
    assert CONTENT_TYPE.startswith("text/plain; version=")
