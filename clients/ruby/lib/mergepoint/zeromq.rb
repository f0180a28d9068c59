# frozen_string_literal: true

begin
  require "ffi-rzmq"
rescue LoadError => e
  raise LoadError, "mergepoint/zeromq needs ffi-rzmq: gem install ffi-rzmq, or the Debian package ruby-ffi-rzmq (#{e.message})"
end

require_relative "../mergepoint"

module Mergepoint
  # The calls of Client over ZeroMQ, with the same results and errors, for programs beside the services:
  #
  #   require "mergepoint/zeromq"
  #   client = Mergepoint::ZeroMQ.new("ipc:///run/mergepoint/highlight")
  #
  # Of auth and jobs there is #check; the others, #later and #thumbnail_url need HTTP. The protocol is in
  # docs/protocol.md.
  class ZeroMQ < Client
    # *timeout* is for a whole call, retries included; *connect_timeout* for each attempt to find a server; both in
    # seconds. Beyond this machine *secret_key*, one's own, and *server_key*, the server's public one, are needed; both
    # are text in Z85.
    def initialize(address, secret_key: nil, server_key: nil, connect_timeout: 2, timeout: 10, retries: 3,
                   max_response_bytes: 32 * 1024 * 1024)
      @server = Server.new(address, secret_key:, server_key:, connect_timeout:, timeout:, retries:, max_response_bytes:)
    end

    undef_method :later, :thumbnail_url
  end
end

require_relative "zeromq/message"
require_relative "zeromq/socket"
require_relative "zeromq/server"
