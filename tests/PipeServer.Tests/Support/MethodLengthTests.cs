namespace PipeServer.Tests.Support;

/// <summary>What <see cref="TidyTests"/> trusts: every method is measured, from its signature to its end.</summary>
public sealed class MethodLengthTests
{
    [Theory]
    [InlineData("class A { void B() { } }", "B", 1)]
    [InlineData("class A { void B()\n{\n} }", "B", 3)]
    [InlineData("class A { void B(int c,\nint d)\n{\n} }", "B", 4)]
    [InlineData("class A { int B() =>\n1; }", "B", 2)]
    [InlineData("class A { /// <summary>B.</summary>\n[Obsolete]\n[Pure]\npublic void B()\n{\n} }", "B", 3)]
    [InlineData("class A { void B()\n{\nC();\nvoid C()\n{\n}\n} }", "B", 7)]
    [InlineData("class A { A()\n{\n} }", "A", 3)]
    [InlineData("class A { ~A()\n{\n} }", "~A", 3)]
    [InlineData("class A { public static A operator +(A b, A c)\n{\nreturn b; } }", "operator +", 3)]
    [InlineData("class A { public static implicit operator int(A b)\n{\nreturn 1; } }", "operator int", 3)]
    [InlineData("class A { int B { get\n{\nreturn 1; } } }", "B.get", 3)]
    [InlineData("class A { int B { set\n{\n} } }", "B.set", 3)]
    [InlineData("class A { int B =>\n1; }", "B", 2)]
    [InlineData("class A { int this[int b] =>\n1; }", "this", 2)]
    [InlineData("class A { int this[int b] { get\n{\nreturn 1; } } }", "this.get", 3)]
    [InlineData("class A { event Action B { add\n{\n} } }", "B.add", 3)]
    [InlineData("class A { string B()\n{\nreturn \"}\" + '}' + @\"}\"; // }\n}\nint C; }", "B", 4)]
    [InlineData("class A { string B()\n{\nreturn $\"{1 switch { 1 => \"}\", _ => \"{\" }}}}\";\n} }", "B", 4)]
    [InlineData("class A { string B()\n{\nreturn \"\"\"\n}\n\"\"\";\n} }", "B", 6)]
    [InlineData("int a = 1;\n\nreturn a;", "the program", 3)]
    public void A_method_is_measured_from_its_signature_to_its_end(string source, string name, int lines)
    {
        var method = Assert.Single(MethodLength.In(source));
        Assert.Equal((name, lines), (method.Name, method.Lines));
    }

    [Fact]
    public void The_functions_of_a_program_are_methods()
    {
        var methods = MethodLength.In("int a = 1;\nreturn B();\n\nstatic int B()\n{\nreturn C();\nint C()\n{\nreturn 1;\n}\n}");
        Assert.Equal([("B", 4, 8), ("the program", 1, 2)], methods.Select(static method => (method.Name, method.FirstLine, method.Lines)));
    }

    [Theory]
    [InlineData("class A { int[] B =\n[\n1,\n]; int[] C { get; } =\n[\n1,\n]; }", 1)]
    [InlineData("class A { int B; }", 0)]
    public void A_table_is_no_method(string source, int accessors)
    {
        Assert.Equal(accessors, MethodLength.In(source).Count());
        Assert.All(MethodLength.In(source), static method => Assert.Equal(1, method.Lines));
    }

    // A parser older than the language would measure nothing, and TidyTests would pass.
    [Fact]
    public void What_is_not_understood_is_an_error() => Assert.Throws<ArgumentException>(() => MethodLength.In("class A { void B( }").ToList());
}
