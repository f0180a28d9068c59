# frozen_string_literal: true

module Mergepoint
  # A call without a usable answer. The message begins with the server, and never holds the API key.
  class Error < StandardError
    # *errors* says which options are wrong; *retry_after* is in seconds.
    attr_reader :code, :status, :request_id, :errors, :retry_after

    def initialize(message = nil, code: nil, status: nil, request_id: nil, errors: [], retry_after: nil)
      super(message)
      @code = code || self.class.code
      @status = status
      @request_id = request_id
      @errors = errors
      @retry_after = retry_after
    end

    # ConnectionFailed has the code "connection_failed", unless the service gave a more exact one.
    def self.code
      name.split("::").last.gsub(/\B[A-Z]/) { "_#{_1}" }.downcase
    end
  end

  # The server could not be reached, or the connection broke before the answer was complete.
  class ConnectionFailed < Error; end

  # The time to connect or for the whole call is over.
  class Timeout < ConnectionFailed; end

  # The answer is not one of Mergepoint's: a redirect, broken JSON, or not HTTP.
  class InvalidResponse < Error; end

  # The answer is longer than *max_response_bytes*; the rest of it was not read.
  class ResponseTooLarge < InvalidResponse; end

  # The service answered with an error. A code that is not known here gives the class of its status.
  class ApiError < Error; end

  class InvalidRequest < ApiError; end
  class Unauthorized < InvalidRequest; end
  class Forbidden < InvalidRequest; end
  class NotFound < InvalidRequest; end
  class BodyTooLarge < InvalidRequest; end
  class UnknownLanguage < InvalidRequest; end
  class RateLimited < ApiError; end
  class ServerError < ApiError; end
  class Unavailable < ServerError; end

  class ApiError
    BY_CODE = [UnknownLanguage, BodyTooLarge, RateLimited].to_h { |kind| [kind.code, kind] }.freeze
    BY_STATUS = {
      401 => Unauthorized, 403 => Forbidden, 404 => NotFound,
      413 => BodyTooLarge, 429 => RateLimited, 503 => Unavailable
    }.freeze

    # Returns the error that *problem* (RFC 9457) describes. *problem* is unchecked: it is whatever the server sent.
    def self.from(problem, server:, status:, request_id: nil, retry_after: nil)
      problem = {} unless problem.is_a?(Hash)
      code, detail, title, id = %w[code detail title request_id].map { problem[_1] if problem[_1].is_a?(String) }
      kind = BY_CODE[code] || BY_STATUS[status] || (status >= 500 ? ServerError : InvalidRequest)
      reason = (detail || title || "an error without an explanation")[0, 1000]
      kind.new("#{server}: #{reason} (#{status} #{code || kind.code})", code:, status:, retry_after:,
               request_id: id || request_id, errors: Array(problem["errors"]).grep(Hash))
    end
  end
end
