namespace PipeServer.DocsTests;

/// <summary>The C# of the pages compiles without a warning: as a program, or as a part of one that the comment in front of it names.</summary>
public sealed class CodeTests
{
    public static TheoryData<string, int> Code => Pages.BlocksWhere(static block =>
        block.Language == "csharp" && (block.Directive.Length == 0 || block.After("fragment of") is not null));

    [Theory]
    [MemberData(nameof(Code))]
    public void It_compiles(string page, int line)
    {
        var block = CodeBlock.Find(page, line);
        Assert.Empty(CodeCompiler.Compile(block.Text, block.After("fragment of")));
    }

    [Theory]
    [InlineData("server.MapGone(\"/\");", "CS1061")]
    [InlineData("string text = null;", "CS8600")]
    public void What_is_wrong_is_found(string code, string error) =>
        Assert.Contains(CodeCompiler.Compile(code + "\n", "server"), finding => finding.Contains(error));
}
