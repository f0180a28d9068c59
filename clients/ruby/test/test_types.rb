# frozen_string_literal: true

require "minitest/autorun"
require "mergepoint"

# The RBS types say what is there. They are read with the rbs gem, which comes with Ruby.
class TestTypes < Minitest::Test
  INTERNAL = %i[Connection Deadline Links Meter Server Upload].freeze # not meant to be called from outside

  def test_every_public_class_and_method_has_a_type
    (Mergepoint.constants - INTERNAL).map { Mergepoint.const_get(_1) }.grep(Class).each do |kind|
      typed = definition(kind).methods.keys
      methods = kind.public_instance_methods(false)

      assert_empty methods - typed, kind
    end
  end

  def test_every_type_is_there
    (Mergepoint.constants - INTERNAL).map { Mergepoint.const_get(_1) }.grep(Class).each do |kind|
      typed = definition(kind).methods.select { |_, method| method.defined_in.name == type_name(kind) }.keys

      assert_empty typed - kind.instance_methods - %i[initialize], kind
      assert_equal type_name(kind.superclass), definition(kind).ancestors.ancestors[1].name
    end
  end

  private

  def definition(kind) = types.build_instance(type_name(kind))

  def type_name(kind) = RBS::TypeName.new(name: kind.name.split("::").last.to_sym, namespace: namespace(kind))

  def namespace(kind) = RBS::Namespace.new(path: kind.name.split("::")[0..-2].map(&:to_sym), absolute: true)

  def types
    @types ||= begin
      require "rbs"
      loader = RBS::EnvironmentLoader.new
      loader.add(path: Pathname(__dir__).join("../sig"))
      RBS::DefinitionBuilder.new(env: RBS::Environment.from_loader(loader).resolve_type_names)
    end
  rescue LoadError
    skip "needs the rbs gem"
  end
end
