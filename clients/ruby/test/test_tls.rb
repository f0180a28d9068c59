# frozen_string_literal: true

require "minitest/autorun"
require "openssl"
require "mergepoint"
require "fault_server"

# The same over TLS, whose sockets behave a little differently.
class TestTLS < Minitest::Test
  KEY = OpenSSL::PKey::EC.generate("prime256v1")

  def self.certificate
    OpenSSL::X509::Certificate.new.tap do |made|
      made.version = 2
      made.serial = rand(1..1_000_000)
      made.subject = made.issuer = OpenSSL::X509::Name.parse("/CN=localhost #{made.serial}")
      made.public_key = KEY
      made.not_before = Time.now - 60
      made.not_after = Time.now + 3600
      made.add_extension(OpenSSL::X509::ExtensionFactory.new.create_extension("subjectAltName", "DNS:localhost"))
      made.sign(KEY, "SHA256")
    end
  end

  TRUSTED = certificate
  OpenSSL::SSL::SSLContext::DEFAULT_CERT_STORE.add_cert(TRUSTED)

  def test_calls_and_kept_connections
    serve(FaultServer.ok("fine")) do |server, client|
      3.times { assert_equal "fine", client.highlight("1") }

      assert_equal 1, server.connections
    end
  end

  def test_a_certificate_that_nobody_vouches_for_is_refused
    serve(FaultServer.ok, certificate: self.class.certificate) do |server, client|
      error = assert_raises(Mergepoint::ConnectionFailed) { client.highlight("1") }

      assert_match(/certificate/, error.message)
      assert_empty server.requests
    end
  end

  def test_a_certificate_of_another_host_is_refused
    serve(FaultServer.ok, host: "127.0.0.1") do |server, client|
      assert_raises(Mergepoint::ConnectionFailed) { client.highlight("1") }
      assert_empty server.requests
    end
  end

  def test_a_trickle_ends_at_the_deadline
    trickle = ->(socket, _) { 50.times { socket.write("H") && sleep(0.02) } }
    serve(trickle) { |_, client| assert_raises(Mergepoint::Timeout) { client.highlight("1") } }
  end

  def test_a_fork_does_not_end_the_connection_of_its_parent
    serve(FaultServer.ok("fine")) do |server, client|
      client.highlight("before")
      Process.wait(fork { client.highlight("child") and GC.start })
      client.highlight("after")

      assert_equal [1, 2, 1], server.requests.map(&:connection)
    end
  end

  private

  def serve(answer, host: "localhost", certificate: TRUSTED)
    context = OpenSSL::SSL::SSLContext.new
    context.add_certificate(certificate, KEY)
    listener = OpenSSL::SSL::SSLServer.new(TCPServer.new("127.0.0.1", 0), context)
    server = FaultServer.new([answer], listener)
    url = server.url.sub("http://127.0.0.1", "https://#{host}")
    yield server, Mergepoint::Client.new(url, timeout: 0.5, retries: 0)
  ensure
    server&.stop
  end
end
