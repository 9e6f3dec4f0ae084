using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace PipeServer.DocsTests;

/// <summary>Compiles a program as the SDK would: its implicit usings, nullable references, against what this program itself runs on.</summary>
internal static class CodeCompiler
{
    private const string Place = "// The block stands here.\n";

    private const string Usings =
        """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Net.Http;
        global using System.Threading; global using System.Threading.Tasks;
        """;

    private const string WebUsings =
        """
        global using Microsoft.AspNetCore.Builder; global using Microsoft.AspNetCore.Hosting; global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing; global using Microsoft.Extensions.Configuration; global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting; global using Microsoft.Extensions.Logging; global using System.Net.Http.Json;
        """;

    // The runtime's own list of what a program may load: both frameworks, the libraries, and their packages.
    private static readonly Lazy<MetadataReference[]> References = new(static () =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(static path => MetadataReference.CreateFromFile(path))]);

    private static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Latest);

    /// <summary>Errors and warnings.</summary>
    /// <param name="code">The block.</param>
    /// <param name="context">The name of the program around it, a file of the folder Contexts; null for none.</param>
    public static IReadOnlyList<string> Compile(string code, string? context)
    {
        var program = context is null ? code : File.ReadAllText(Repository.Path("tests", "PipeServer.DocsTests", "Contexts", context.Replace(' ', '-') + ".cs"))
            .ReplaceLineEndings("\n").Replace(Place, code, StringComparison.Ordinal);
        Assert.Contains(code, program);
        var usings = program.Contains("WebApplication", StringComparison.Ordinal) ? Usings + WebUsings : Usings;
        var compilation = CSharpCompilation.Create(
            "Page",
            [CSharpSyntaxTree.ParseText(usings, ParseOptions), CSharpSyntaxTree.ParseText(program, ParseOptions, path: "Program.cs", encoding: Encoding.UTF8)],
            References.Value,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        return [.. compilation.GetDiagnostics(TestContext.Current.CancellationToken)
            .Where(static diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning).Select(static diagnostic => diagnostic.ToString())];
    }
}
