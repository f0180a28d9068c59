# frozen_string_literal: true

bind "tcp://#{ENV.fetch("LISTEN", "127.0.0.1:9292")}"
environment "production"
threads 1, 8
