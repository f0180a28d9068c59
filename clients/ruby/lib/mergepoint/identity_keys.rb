# frozen_string_literal: true

require "net/http"
require_relative "identity"

module Mergepoint
  module Identity
    # The keys at an address (http://…/auth/jwks.json), fetched again when an unknown one is needed, so that they may
    # rotate. Threads may share one object.
    class Keys
      TIMEOUT = 2 # seconds
      LOOK_AGAIN = 1 # seconds between two requests for unknown keys
      KEEP = 300 # seconds that a set of keys is kept

      def initialize(url)
        @uri = URI(url)
        @known = {}
        @fetched = -Float::INFINITY
        @lock = Mutex.new
      end

      # The public key with this id, or nil. If the keys cannot be fetched, the former ones stay.
      def [](kid)
        @lock.synchronize { refresh if outdated?(kid) } if outdated?(kid)
        @known[kid]
      end

      private

      def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

      def outdated?(kid)
        age = now - @fetched
        age > KEEP || (age > LOOK_AGAIN && !@known.key?(kid))
      end

      def refresh
        @known = Identity.keys(fetch)
      rescue SystemCallError, SocketError, Timeout::Error, IOError, Net::ProtocolError, Net::HTTPBadResponse,
             OpenSSL::OpenSSLError, JSON::ParserError, KeyError, ArgumentError, TypeError, NoMethodError
        nil
      ensure
        @fetched = now
      end

      def fetch
        secure = @uri.scheme == "https"
        Net::HTTP.start(@uri.host, @uri.port, use_ssl: secure, open_timeout: TIMEOUT, read_timeout: TIMEOUT) do |http|
          response = http.get(@uri.request_uri)
          raise Net::ProtocolError, response.code unless response.is_a?(Net::HTTPOK)

          response.body
        end
      end
    end
  end
end
