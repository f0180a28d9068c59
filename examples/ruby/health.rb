# frozen_string_literal: true

# Succeeds when the application answers: the health check of its container, which has no curl.
require "net/http"

host, _, port = ENV.fetch("LISTEN", "127.0.0.1:9292").rpartition(":")
host = "127.0.0.1" if host == "0.0.0.0"
answer = Net::HTTP.start(host, port, open_timeout: 1, read_timeout: 2) { |http| http.get("/health") }
exit(answer.is_a?(Net::HTTPOK))
