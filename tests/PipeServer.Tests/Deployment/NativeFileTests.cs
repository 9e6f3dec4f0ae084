using System.Diagnostics;
using System.Runtime.InteropServices;

namespace PipeServer.Tests.Deployment;

/// <summary>What is particular about the published native file, which <c>PIPESERVER_CLI</c> names; skipped without one.</summary>
public sealed class NativeFileTests : IDisposable
{
    private const int Aborted = 128 + 6; // by SIGABRT, as a shell tells it

    private readonly string _folder = Directory.CreateTempSubdirectory("ps-native-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void It_is_one_file_with_its_symbols_apart()
    {
        var file = Published();
        Assert.Equal(["pipeserver", "pipeserver.dbg"], Directory.GetFileSystemEntries(Path.GetDirectoryName(file)!).Select(Path.GetFileName).Order());
        Assert.InRange(new FileInfo(file).Length, 1_000_000, 13_000_000);
    }

    // Its code needs AVX2. Without a check it would end by an illegal instruction, anywhere.
    [Fact]
    public async Task An_older_processor_is_told()
    {
        var file = Published();
        Assert.SkipUnless(RuntimeInformation.OSArchitecture == Architecture.X64, "The file for arm64 runs on every arm64.");
        var (exitCode, output) = await RunAsync("qemu-x86_64 -cpu Nehalem", file);
        Assert.SkipWhen(exitCode == 127, "qemu-x86_64 is not installed. On Debian: apt install qemu-user");
        Assert.Equal(Aborted, exitCode);
        Assert.Contains("The required instruction sets are not supported by the current CPU.", output);

        (exitCode, output) = await RunAsync("qemu-x86_64 -cpu max", file);
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public async Task A_crash_names_what_ran()
    {
        var file = Published();
        var source = Path.Combine(_folder, "fault.c");
        await File.WriteAllTextAsync(source, "#include <errno.h>\nint epoll_create1(int flags) { (void)flags; errno = EPROTO; return -1; }\n");
        var library = Path.Combine(_folder, "fault.so");
        var (exitCode, output) = await RunAsync($"cc -shared -fPIC -o {library} {source}");
        Assert.SkipWhen(exitCode == 127, "A C compiler is needed, to have a system call fail at which the runtime itself gives up.");
        Assert.True(exitCode == 0, output);
        await using var cli = CliProcess.StartShell($"ulimit -c 0; export LD_PRELOAD={library}; exec '{file}' serve '{_folder}' --port 0");
        Assert.Equal(Aborted, await cli.EndAsync());
        var crash = Assert.Single(cli.Errors);
        Assert.StartsWith("pipeserver: crashed: ", crash);
        Assert.Contains("at System.Net.Sockets.SocketAsyncEngine.", crash);
        Assert.Contains("at PipeServer.Transport.", crash);
    }

    // The runtime raises the soft limit of descriptors by itself; the native file served 728 connections with that of a shell, 1,024, where the
    // hard one was 20,000.
    [Fact]
    public async Task The_limit_of_descriptors_is_raised_as_far_as_that_goes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "RLIMIT_NOFILE is read and set on Linux.");
        await using var cli = CliProcess.StartShell($"ulimit -Sn 1024; ulimit -Hn 4096; exec {ProgramUnderTest.PipeServer.ShellCommand} serve '{_folder}' --port 0");
        await cli.ListeningAsync();
        var limits = await File.ReadAllLinesAsync($"/proc/{cli.Id}/limits", TestContext.Current.CancellationToken);
        Assert.Matches("^Max open files +4096 +4096 ", Assert.Single(limits, static line => line.StartsWith("Max open files")));
    }

    private static string Published()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The native file is Linux's.");
        Assert.SkipUnless(ProgramUnderTest.PipeServer.IsPublished, "PIPESERVER_CLI names no published file; .ci/run has one.");
        return ProgramUnderTest.PipeServer.Path;
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string command, string? file = null)
    {
        var words = file is null ? command : $"{command} '{file}' --version";
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", $"ulimit -c 0; {words} 2>&1"]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TestClient.Patience);
        await process.WaitForExitAsync().WaitAsync(TestClient.Patience);
        return (process.ExitCode, output);
    }
}
