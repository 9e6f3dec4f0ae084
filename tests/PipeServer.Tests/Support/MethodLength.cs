using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PipeServer.Tests.Support;

/// <summary>How long a method is: an ordinary one, a constructor, an operator, an accessor, or the statements of a program.</summary>
/// <param name="Name">Its name. Local functions and lambdas belong to the method that they stand in, and are not counted again.</param>
/// <param name="FirstLine">The number of its signature's first line, attributes and comments before it left out.</param>
/// <param name="Lines">From there to the closing brace, or to the semicolon where it has no brace.</param>
internal sealed record MethodLength(string Name, int FirstLine, int Lines)
{
    /// <exception cref="ArgumentException">The text is not C# that the parser knows, so nothing in it can be measured.</exception>
    public static IEnumerable<MethodLength> In(string source)
    {
        var tree = CSharpSyntaxTree.ParseText(source, new CSharpParseOptions(LanguageVersion.Latest));
        if (tree.GetDiagnostics().FirstOrDefault(static found => found.Severity == DiagnosticSeverity.Error) is { } error)
        {
            throw new ArgumentException($"The source must be C#; the parser found: {error}", nameof(source));
        }

        var root = tree.GetCompilationUnitRoot();
        foreach (var node in root.DescendantNodes())
        {
            var (name, attributes) = node switch
            {
                MethodDeclarationSyntax method => (method.Identifier.ValueText, method.AttributeLists),
                ConstructorDeclarationSyntax constructor => (constructor.Identifier.ValueText, constructor.AttributeLists),
                DestructorDeclarationSyntax finalizer => ("~" + finalizer.Identifier.ValueText, finalizer.AttributeLists),
                OperatorDeclarationSyntax op => ("operator " + op.OperatorToken.ValueText, op.AttributeLists),
                ConversionOperatorDeclarationSyntax conversion => ("operator " + conversion.Type, conversion.AttributeLists),
                AccessorDeclarationSyntax accessor => (Owner(accessor) + "." + accessor.Keyword.ValueText, accessor.AttributeLists),
                // The getter is the arrow.
                PropertyDeclarationSyntax { ExpressionBody: not null } property => (property.Identifier.ValueText, property.AttributeLists),
                IndexerDeclarationSyntax { ExpressionBody: not null } indexer => ("this", indexer.AttributeLists),
                // The functions of a program of statements are its methods.
                LocalFunctionStatementSyntax { Parent: GlobalStatementSyntax } function => (function.Identifier.ValueText, function.AttributeLists),
                _ => (null, default),
            };
            if (name is not null)
            {
                yield return Measure(name, attributes.Count == 0 ? node.GetFirstToken() : attributes.Last().GetLastToken().GetNextToken(), node.GetLastToken());
            }
        }

        var statements = root.Members.OfType<GlobalStatementSyntax>().Where(static item => item.Statement is not LocalFunctionStatementSyntax).ToList();
        if (statements.Count > 0)
        {
            yield return Measure("the program", statements[0].GetFirstToken(), statements[^1].GetLastToken());
        }
    }

    private static string Owner(AccessorDeclarationSyntax accessor) => accessor.Parent?.Parent switch
    {
        PropertyDeclarationSyntax property => property.Identifier.ValueText,
        EventDeclarationSyntax declaration => declaration.Identifier.ValueText,
        _ => "this",
    };

    private static MethodLength Measure(string name, SyntaxToken first, SyntaxToken last)
    {
        var start = first.GetLocation().GetLineSpan().StartLinePosition.Line;
        return new MethodLength(name, start + 1, last.GetLocation().GetLineSpan().EndLinePosition.Line - start + 1);
    }
}
