# frozen_string_literal: true

require "set" # by itself only since Ruby 3.2

module Mergepoint
  # Options as the service spells them: lists between commas, ranges as 5-7, a hash as keys with their values.
  module Spelling
    LAST = 999_999_999 # the highest number of a line

    def self.of(value)
      case value
      when Hash then value.map { |kind, lines| "#{kind}:#{of(lines)}" }.join(",")
      when Range then range(value)
      when Array, Set, Enumerator::ArithmeticSequence then value.map { of(_1) }.reject { _1 == "" }.join(",")
      else value
      end
    end

    # 5...7 has no 7; 5.. goes on to the end of the text, and ..7 begins with it.
    def self.range(range)
      first = range.begin || 1
      last = range.end || LAST
      last -= 1 if range.exclude_end? && range.end.is_a?(Integer)
      first.is_a?(Integer) && last.is_a?(Integer) && last < first ? "" : "#{first}-#{last}"
    end
    private_class_method :range
  end
end
