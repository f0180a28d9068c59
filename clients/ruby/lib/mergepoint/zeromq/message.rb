# frozen_string_literal: true

require "json"
require "uri"

module Mergepoint
  class ZeroMQ < Client
    # What is asked of a server, made of what the calls say over HTTP: the path says the task, query and JSON are the
    # options, and what else is in a body is a frame of its own.
    class Message
      VERSION = 1
      STYLESHEET = %r{\A/highlight/styles/(?<name>.*)\.css\z}m
      TASKS = %w[highlight/highlight highlight/guess highlight/batch highlight/languages highlight/formats
                 highlight/styles htmldiff/htmldiff htmldiff/apply htmldiff/annotate thumbnail/thumbnail thumbnail/info
                 thumbnail/set auth/check jobs/check].freeze
      # By path: /highlight, and /highlight/guess.
      BY_PATH = TASKS.to_h { |task| ["/#{task.sub(%r{\A(\w+)/\1\z}, '\1')}", task] }.freeze
      LONGEST_DEADLINE = 600_000 # milliseconds

      def initialize(path, query, body = nil, type = nil)
        @task = BY_PATH.fetch(path, "highlight/stylesheet")
        @options = query.transform_keys(&:to_s)
        @options["name"] = URI.decode_www_form_component(STYLESHEET.match(path)[:name]) if @task == "highlight/stylesheet"
        @contents = []
        body = body.read if body.respond_to?(:read)
        type == "application/json" ? read_json(body) : @contents.push(*body)
      end

      # Whether *path* is that of a task: not all that HTTP has is here.
      def self.for?(path) = BY_PATH.key?(path) || STYLESHEET.match?(path)

      # The frames of an attempt that is to be begun within so many *seconds*.
      def frames(id, seconds:, request_id:)
        deadline = (seconds * 1000).round.clamp(1, LONGEST_DEADLINE)
        header = { v: VERSION, id:, task: @task, options: @options, deadline_ms: deadline, request_id: }
        [JSON.generate(header), *@contents]
      end

      private

      # What a comparison compares goes in frames of its own.
      def read_json(body)
        @options.merge!(JSON.parse(body))
        @contents = %w[old new].map { @options.delete(_1) } if @options.key?("old") && @options.key?("new")
      end
    end

    # An answer with the names that it would have over HTTP.
    class Response
      attr_reader :code, :body

      def initialize(frames, request_id)
        header = JSON.parse(frames.fetch(0))
        @headers = { "X-Request-Id" => request_id }
        if (problem = header["problem"])
          @code = problem.fetch("status").to_s
          @body = JSON.generate(problem)
        else
          @code = "200"
          @body = frames.fetch(1)
          @headers.merge!("Content-Type" => header.fetch("type"), **header.fetch("meta"))
        end
      end

      def [](name) = @headers[name]
    end
  end
end
