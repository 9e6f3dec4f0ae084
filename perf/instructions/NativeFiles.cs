using System.Text.RegularExpressions;
using PipeServer.Perf;

namespace PipeServer.Instructions;

/// <summary>
/// Publishes the programs natively, into <c>artifacts/instructions</c> of this repository, so that only what has changed is built again.
/// </summary>
internal sealed partial class NativeFiles(string repository, string source)
{
    // Valgrind 3.19 stops at the compiler's DWARF, in the file or beside it; the symbol table alone names every function.
    private static readonly string[] Properties =
    [
        "-p:PublishAot=true", "-p:IlcInstructionSet=x86-64-v3", "-p:OptimizationPreference=Speed", "-p:StripSymbols=false",
        "-p:TreatWarningsAsErrors=false",
    ];

    private readonly Dictionary<MeasuredServer, string> _published = [];

    /// <summary>The native file of a server.</summary>
    public string this[MeasuredServer server] => _published[server];

    /// <summary>The version of the native compiler, as the build has restored it.</summary>
    public string Compiler { get; private set; } = "unknown";

    /// <summary>Builds the native files of these servers.</summary>
    /// <exception cref="MeasurementException">The build fails; the message has its output.</exception>
    public async Task PublishAsync(IEnumerable<MeasuredServer> servers, CancellationToken cancellation)
    {
        foreach (var server in servers)
        {
            var (project, folder, name) = server == MeasuredServer.Router
                ? ("Router", Path.Combine(repository, "perf/instructions/router"), "router")
                : ("PipeServer.Cli", Path.Combine(source, "src/PipeServer.Cli"), "pipeserver");

            // One folder for each checkout: their intermediate files must not be taken for each other's.
            var artifacts = Path.Combine(repository, "artifacts", "instructions", Path.GetFileName(Path.TrimEndingDirectorySeparator(source)));
            var output = Path.Combine(artifacts, "native", name);
            var assets = Path.Combine(artifacts, "obj", project, "project.assets.json");
            Console.WriteLine($"Publishing {name} from {source}.");
            await ExternalProgram.CaptureAsync(
                cancellation,
                ["dotnet", "publish", folder, "-c", "Release", "-r", "linux-x64", "--artifacts-path", artifacts, "-o", output, .. Properties, $"-p:MeasuredSource={source}"]);
            var file = Path.Combine(output, name);
            await ExternalProgram.CaptureAsync(cancellation, "strip", "--strip-debug", file);
            _published[server] = file;
            Compiler = CompilerVersion().Match(await File.ReadAllTextAsync(assets, cancellation)).Value;
        }
    }

    [GeneratedRegex("ILCompiler/[0-9.]+")]
    private static partial Regex CompilerVersion();
}
