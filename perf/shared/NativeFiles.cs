using System.Text.RegularExpressions;

namespace PipeServer.Perf;

/// <summary>
/// Publishes the measured programs natively (x86-64-v3, optimised for speed, Kestrel no less than ours), into <c>artifacts/measured</c> of
/// this repository, so that only what has changed is built again.
/// </summary>
/// <param name="repository">This clone: its harness and its peers.</param>
/// <param name="source">The checkout whose server and library are measured; the same clone as a rule.</param>
internal sealed partial class NativeFiles(string repository, string source)
{
    // Valgrind 3.19 stops at the compiler's DWARF, in the file or beside it; the symbol table alone names every function.
    private static readonly string[] Properties =
    [
        "-p:PublishAot=true", "-p:IlcInstructionSet=x86-64-v3", "-p:OptimizationPreference=Speed", "-p:StripSymbols=false",
        "-p:TreatWarningsAsErrors=false",
    ];

    private readonly Dictionary<NativeProgram, string> _published = [];

    /// <summary>The native file of a program that has been published.</summary>
    public string this[NativeProgram program] => _published[program];

    /// <summary>The version of the native compiler, as the build has restored it.</summary>
    public string Compiler { get; private set; } = "unknown";

    /// <summary>Throws with the Debian packages to install when something is missing that a native file is built with.</summary>
    /// <exception cref="MeasurementException">Something is missing.</exception>
    public static async Task RequireToolsAsync(CancellationToken cancellation)
    {
        ExternalProgram.RequireInstalled(("strip", "binutils"), ("cc", "gcc"));
        var zlib = await ExternalProgram.CaptureAsync(cancellation, "cc", "-print-file-name=libz.so");
        if (!Path.IsPathRooted(zlib.Trim()))
        {
            throw new MeasurementException("missing: zlib1g-dev. On Debian: apt install zlib1g-dev"); // cc says where it has found a library, or else its bare name
        }
    }

    /// <summary>Builds the native files of these programs.</summary>
    /// <exception cref="MeasurementException">The build fails; the message has its output.</exception>
    public async Task PublishAsync(IEnumerable<NativeProgram> programs, CancellationToken cancellation)
    {
        foreach (var program in programs)
        {
            var (project, folder, name) = Project(program);

            // One folder for each checkout: their intermediate files must not be taken for each other's.
            var artifacts = Path.Combine(repository, "artifacts", "measured", Path.GetFileName(Path.TrimEndingDirectorySeparator(source)));
            var output = Path.Combine(artifacts, "native", name);
            var assets = Path.Combine(artifacts, "obj", project, "project.assets.json");
            Console.WriteLine($"Publishing {name} from {(program == NativeProgram.Kestrel ? repository : source)}.");
            await ExternalProgram.CaptureAsync(
                cancellation,
                ["dotnet", "publish", folder, "-c", "Release", "-r", "linux-x64", "--artifacts-path", artifacts, "-o", output, .. Properties, $"-p:MeasuredSource={source}"]);
            var file = Path.Combine(output, name);
            await ExternalProgram.CaptureAsync(cancellation, "strip", "--strip-debug", file);
            _published[program] = file;
            Compiler = CompilerVersion().Match(await File.ReadAllTextAsync(assets, cancellation)).Value;
        }
    }

    private (string Project, string Folder, string Name) Project(NativeProgram program) => program switch
    {
        NativeProgram.Router => ("Router", Path.Combine(repository, "perf/instructions/router"), "router"),
        NativeProgram.ThreadPool => ("ThreadPool", Path.Combine(repository, "perf/load/peers/ThreadPool"), "threadpool-peer"),
        NativeProgram.Kestrel => ("Kestrel", Path.Combine(repository, "perf/load/peers/Kestrel"), "kestrel-peer"),
        _ => ("PipeServer.Cli", Path.Combine(source, "src/PipeServer.Cli"), "pipeserver"),
    };

    [GeneratedRegex("ILCompiler/[0-9.]+")]
    private static partial Regex CompilerVersion();
}
