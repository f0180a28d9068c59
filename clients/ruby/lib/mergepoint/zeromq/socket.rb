# frozen_string_literal: true

module Mergepoint
  class ZeroMQ < Client
    # Attaches what Debian's binding lacks: the public key of a secret one.
    module Curve
      extend FFI::Library
      ffi_lib %w[libzmq.so.5 libzmq]
      attach_function :zmq_curve_public, %i[pointer string], :int

      def self.public_of(secret)
        FFI::MemoryPointer.new(:char, 41) { |found| return found.read_string if zmq_curve_public(found, secret).zero? }
        raise ArgumentError, "secret_key is none"
      end
    end

    # One DEALER, connected to one server. It waits in pieces, so that a thread can be interrupted.
    class Socket
      PIECE = 100 # milliseconds
      OPTIONS = { LINGER: 0, IMMEDIATE: 1, IPV6: 1, RECONNECT_IVL_MAX: 1000 }.freeze

      def initialize(context, address, secret_key = nil, server_key = nil)
        @socket = context.socket(::ZMQ::DEALER)
        OPTIONS.each { |name, value| done(@socket.setsockopt(::ZMQ.const_get(name), value)) }
        introduce(secret_key, server_key) if secret_key
        done(@socket.connect(address))
        @poller = ::ZMQ::Poller.new
        @poller.register(@socket, ::ZMQ::POLLIN)
      end

      # Whether there is a connection, now or within so many seconds.
      def connected?(seconds) = wait(seconds, ::ZMQ::POLLOUT)

      # Sends *frames*; nothing, if the connection is gone.
      def send(frames) = @socket.send_strings(frames, ::ZMQ::DONTWAIT)

      # The frames of the next message, or nil if none comes within so many seconds.
      def receive(seconds)
        return unless wait(seconds, ::ZMQ::POLLIN)

        frames = []
        done(@socket.recv_strings(frames, ::ZMQ::DONTWAIT))
        frames
      end

      def close = @socket.close

      private

      def introduce(secret_key, server_key)
        public_key = Curve.public_of(secret_key)
        { CURVE_SERVERKEY: server_key, CURVE_SECRETKEY: secret_key, CURVE_PUBLICKEY: public_key }.each do |name, key|
          done(@socket.setsockopt(::ZMQ.const_get(name), key, key.bytesize))
        end
      end

      def wait(seconds, event)
        deadline = Deadline.new(seconds)
        loop do
          left = [(deadline.remaining * 1000).ceil, PIECE].min
          ready = poll(event, left.clamp(0, PIECE))
          return ready if ready || !left.positive?
        end
      end

      def poll(event, milliseconds)
        other = ::ZMQ::POLLIN + ::ZMQ::POLLOUT - event
        @poller.deregister(@socket, other)
        @poller.register(@socket, event)
        @poller.poll(milliseconds)
        (event == ::ZMQ::POLLIN ? @poller.readables : @poller.writables).any?
      end

      def done(status)
        return if ::ZMQ::Util.resultcode_ok?(status)

        raise ConnectionFailed, ::ZMQ::Util.error_string
      end
    end
  end
end
