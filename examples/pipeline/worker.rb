# frozen_string_literal: true

# As worker.py, in Ruby:
#
#   ruby -I../../clients/ruby/lib worker.rb SOCKETS SERVER

require "mergepoint/zeromq"

NAME = "ruby-#{Process.pid}"

sockets, server = ARGV
context = ZMQ::Context.new
tasks = context.socket(ZMQ::PULL)
results = context.socket(ZMQ::PUSH)
tasks.setsockopt(ZMQ::RCVHWM, 1)
results.connect("ipc://#{sockets}/results")
tasks.connect("ipc://#{sockets}/tasks")
client = Mergepoint::ZeroMQ.new(server, timeout: 60)

loop do
  frames = []
  tasks.recv_strings(frames)
  name, code = frames
  html, problem = begin
    [client.highlight(code, filename: name, css: "classes"), ""]
  rescue Mergepoint::ApiError => e
    ["", e.message]
  end
  results.send_strings([NAME, name, html, problem])
end
