# frozen_string_literal: true

require "securerandom"

module Mergepoint
  class ZeroMQ < Client
    # One server: kept sockets, repetitions, time limits. It does not know what the calls mean. Threads and forked
    # processes may share it.
    class Server < Mergepoint::Server
      ADDRESS = %r{\A(ipc:///.+|tcp://(\[[\h:.]+\]|[\w.-]+):\d{1,5})\z}
      KEY = /\A[!-~]{40}\z/ # Z85, ZeroMQ's RFC 32
      FIRST_REPETITION = 1.0 # seconds without an answer
      LATER_REPETITIONS = 2.0 # so that a server that was started anew is found within so many

      def initialize(address, secret_key:, server_key:, connect_timeout:, timeout:, retries:, max_response_bytes:)
        @url = address.match?(ADDRESS) ? address : raise(ArgumentError, "address must be like ipc:///path or tcp://host:port")
        @keys = check_keys(secret_key, server_key)
        @limits = { connect_timeout:, limit: max_response_bytes }
        @timeout = timeout
        @retries = retries
        @lock = Mutex.new
        Server.remember(self)
      end

      def get(path, query = {}, **) = ask(path, query)

      def post(path, body, type, query = {}, **) = ask(path, query, body, type)

      def delete(path) = ask(path, {})

      def once(_method, path, body, type) = ask(path, {}, body, type)

      def close
        @lock.synchronize { idle.each(&:close).clear }
      end

      # Ends what libzmq would wait for at the end of the program. A forked child leaves its parent's alone.
      def terminate
        close
        @context&.terminate if @process == Process.pid
      end

      @all = ObjectSpace::WeakMap.new
      class << self
        def remember(server)
          at_exit { @all.each_key(&:terminate) } unless @remembers
          @remembers = true
          @all[server] = true
        end
      end

      private

      def check_keys(*keys)
        return [] if keys.none?

        fine = keys.all? { _1.is_a?(String) && _1.match?(KEY) }
        fine ? keys : raise(ArgumentError, "secret_key and server_key belong together, and have 40 characters each")
      end

      def ask(path, *rest)
        raise InvalidRequest.new("#{self}: #{path} is not to be had over ZeroMQ", code: "unknown_task") unless Message.for?(path)

        call([Message.new(path, *rest), SecureRandom.hex])
      end

      # One attempt. Its id is its own: a second answer to an earlier one is not taken for this one's.
      def answer((message, request_id), deadline)
        socket = take
        frames = exchange(socket, message, request_id, deadline)
        kept = @lock.synchronize { idle.push(socket) if idle.size < IDLE }
        raise ResponseTooLarge, "#{self}: the answer is longer than #{@limits[:limit]} bytes" if too_long?(frames)

        Response.new(frames, request_id)
      rescue JSON::ParserError, KeyError, IndexError, TypeError
        raise InvalidResponse, "#{self}: answered with something else than a result"
      ensure
        socket&.close unless kept # an answer may still come to it
      end

      def exchange(socket, message, request_id, deadline)
        connected?(socket, deadline) || raise(ConnectionFailed, "#{self}: there is no server that answers")
        id = SecureRandom.hex(8)
        pause = FIRST_REPETITION
        while (left = deadline.remaining).positive?
          # The same each time: the server knows by the id what it has in hand. Without a connection it waits here.
          socket.send(message.frames(id, seconds: left, request_id:)) if socket.connected?(left)
          frames = read(socket, id, Deadline.new([pause, deadline.remaining].min))
          return frames if frames

          pause = LATER_REPETITIONS
        end
        raise Timeout.new("#{self}: no answer in time", request_id:)
      end

      def connected?(socket, deadline) = socket.connected?([@limits[:connect_timeout], deadline.remaining].min)

      # The answer to *id*, or nil if it does not come in time. Others are passed over.
      def read(socket, id, deadline)
        while (frames = socket.receive([deadline.remaining, 0].max))
          return frames if id_in(frames) == id
        end
      end

      def id_in(frames)
        header = JSON.parse(frames.first.to_s)
        header["id"] if header.is_a?(Hash)
      rescue JSON::ParserError
        nil
      end

      def too_long?(frames) = frames.sum(&:bytesize) > @limits[:limit]

      def take
        @lock.synchronize { idle.pop } || Socket.new(@context, @url, *@keys)
      end

      # A forked child has a context of its own.
      def idle
        @context = ::ZMQ::Context.new unless @process == Process.pid
        super
      end
    end
  end
end
