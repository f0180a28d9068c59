# frozen_string_literal: true

require "json"
require "securerandom"
require "time"
require "uri"

module Mergepoint
  # A call that runs later. Its *id* finds it again: client.jobs.get(id).
  class Job
    FIRST_PAUSE = 0.05 # seconds between two looks, which grow
    LONGEST_PAUSE = 2.0
    UNFINISHED = %w[queued running].freeze

    # *about* is what the server said last: "state", "attempts", times, "code" and "detail" (why).
    attr_reader :id, :about

    def initialize(jobs, about, &read)
      @jobs = jobs
      @read = read
      @about = about
      @id = about.fetch("id")
    end

    def inspect = "#<#{self.class} #{id} #{state}>"

    # "queued", "running", "done", "failed" or "cancelled", when it was last looked at.
    def state = about["state"].to_s

    def finished? = !UNFINISHED.include?(state)

    # How far the job is, as of now, as its worker tells it; nil if that tells nothing.
    def progress = refresh.about["progress"]

    # Looks at the job again.
    def refresh
      @about = @jobs.look(id)
      self
    end

    # Waits until the job is finished, however it ends. Raises Timeout after *timeout* seconds; the job goes on.
    def wait(timeout: nil)
      deadline = Deadline.new(timeout || Float::INFINITY)
      pause = FIRST_PAUSE
      until finished? || refresh.finished?
        raise Timeout, "#{@jobs}: job #{id} is #{state}, and the time to wait is over" if deadline.remaining <= pause

        sleep(pause)
        pause = [pause * 1.5, LONGEST_PAUSE].min
      end
      self
    end

    # Returns what the direct call returns, or raises what it raises; waits for it as #wait does.
    def result(timeout: nil) = @read.call(@jobs.answer(wait(timeout:).id))

    # Cancels the job unless it is finished; the answer of a running one is dropped.
    def cancel
      @about = @jobs.cancel(id)
      self
    end
  end

  # client.jobs: jobs that are known by their ids, and one's own.
  class Jobs
    # RFC 7240: who does not know a preference ignores it.
    NONE = "answered with the result itself: this server has no jobs, so call the client in place of client.later"

    def initialize(server)
      @server = server
    end

    def inspect = "#<#{self.class} #{@server}>"

    def to_s = @server.to_s

    # Returns the service that *path* is for, if it may be that of a job; raises InvalidRequest if not.
    def check(path) = object(@server.post("/jobs/check", path, "text/plain"), "service")["service"]

    # Returns the Job with this *id*; its result is the bytes that the service gave.
    def get(id) = of(look(id))

    # Returns a page of one's own jobs, newest first; *after* is the id of the last one of the page before.
    def list(state: nil, service: nil, after: nil)
      response = @server.get("/jobs", { state:, service:, after: }.compact)
      found = object(response, "jobs", Array)["jobs"]
      found.all? { |about| about.is_a?(Hash) && about["id"].is_a?(String) } ? found.map { of(_1) } : raise(invalid("jobs"))
    end

    # Makes a new job of the same request.
    def replay(id)
      headers = { "Idempotency-Key" => Jobs.new_key }
      of(object(@server.post("/jobs/#{word(id)}/replay", "", "application/json", headers:, status: 202), "id"))
    end

    # What the server says of a job: a hash.
    def look(id) = object(@server.get("/jobs/#{word(id)}"), "id")

    # The answer of a finished job; raises what the direct call raises.
    def answer(id) = @server.get("/jobs/#{word(id)}/result")

    def cancel(id) = object(@server.delete("/jobs/#{word(id)}"), "id")

    # Reads *response*, of a call that became a job; the block reads its result.
    def accepted(response, &)
      raise InvalidResponse.new("#{@server}: #{NONE}", status: 200) if response.code == "200"

      of(object(response, "id"), &)
    end

    # A key for one call and all its tries: 128 random bits in 22 characters.
    def self.new_key = SecureRandom.urlsafe_base64(16)

    private

    def of(about, &read) = Job.new(self, about, &(read || :body.to_proc))

    def object(response, name, kind = String)
      found = JSON.parse(response.body)
      found.is_a?(Hash) && found[name].is_a?(kind) ? found : raise(JSON::ParserError)
    rescue JSON::ParserError
      raise invalid(name)
    end

    def invalid(name) = InvalidResponse.new("#{@server}: answered with no JSON with #{name}")

    def word(id) = id.match?(/\A[A-Za-z0-9_-]+\z/) ? id : raise(ArgumentError, "an id has letters, digits, - and _ only")
  end

  # client.later: the calls of the client, each of which returns a Job and runs later.
  class Later < Client
    def initialize(server, terms = {})
      @server = server
      @terms = terms
    end

    # The same calls with other terms. *at*: not before this Time. *deadline*: seconds an attempt. *attempts*: how often
    # it is tried. *callback*: the URL that is told when the job ends, where the server allows it.
    def with(at: nil, deadline: nil, attempts: nil, callback: nil)
      given = { "At" => at.is_a?(Time) ? at.utc.iso8601(3) : at, "Deadline" => deadline, "Attempts" => attempts,
                "Callback" => callback }
      Later.new(@server, given.compact.to_h { |name, value| ["Mergepoint-#{name}", value.to_s] })
    end

    private

    # A key of its own makes one job of all tries.
    def make(method, path, *rest, &)
      headers = { "Prefer" => "respond-async", "Idempotency-Key" => Jobs.new_key, **@terms }
      jobs.accepted(@server.public_send(method, path, *rest, headers:, status: 200..202), &)
    end
  end
end
