# frozen_string_literal: true

# Rouge in a loop: loop.rb FILE prints its name and the seconds for the Python in FILE, the median of many.
require "rouge"

text = File.read(ARGV[0], encoding: "UTF-8")
formatter = Rouge::Formatters::HTMLPygments.new(Rouge::Formatters::HTML.new)
clock = -> { Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) }
taken = Array.new(300) do
  began = clock.call
  formatter.format(Rouge::Lexers::Python.new.lex(text))
  clock.call - began
end
puts "Rouge #{Rouge.version}\t#{taken.sort[taken.size / 2]}"
