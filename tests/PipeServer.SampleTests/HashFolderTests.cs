using System.Text.RegularExpressions;

namespace PipeServer.SampleTests;

public sealed partial class HashFolderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pipeserver-hash-");

    private string Command => $"dotnet exec '{Sample.Assembly("HashFolder")}' '{_folder.FullName}'";

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Sha256sum_agrees_about_every_file_whatever_its_name()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sha256sum is of Linux.");
        string[] names = ["a.txt", ".hidden", "with blank", " leading", "trailing ", "-dash", "back\\slash", "line\nend", "return\rname", "ünïcode", "sub/b", "sub/sub/c", "empty"];
        foreach (var name in names)
        {
            var path = Path.Combine(_folder.FullName, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, name == "empty" ? "" : string.Concat(Enumerable.Repeat(name, 50_000)));
        }

        // What is no file is left out: a link, and a pipe into which nobody writes, which would hold up who opens it.
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "link"), Path.Combine(_folder.FullName, "a.txt"));
        await ClientProgram.RunAsync("mkfifo", Path.Combine(_folder.FullName, "pipe"));

        var checkedNames = await ClientProgram.RunAsync("bash", "-o", "pipefail", "-c", $"{Command} 2>/dev/null | LC_ALL=C sha256sum --strict -c");
        Assert.Equal(names.Length, checkedNames.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(static line => line.EndsWith(": OK")));

        var errors = await ClientProgram.RunAsync("bash", "-c", $"{Command} 2>&1 >/dev/null");
        Assert.Contains("100 % of ", errors);
        Assert.Contains($"{names.Length} files hashed, 0 could not be read.", errors);
        Assert.DoesNotContain('\r', errors); // a line each, for a log
    }

    [Fact]
    public async Task On_a_terminal_there_is_a_bar_and_the_lines_are_whole()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "script is of Linux.");
        ClientProgram.SkipWithout("script");
        for (var i = 0; i < 20; i++)
        {
            await File.WriteAllBytesAsync(Path.Combine(_folder.FullName, $"{i}"), new byte[1_000_000]);
        }

        // What is drawn goes to the terminal, the lines to a file.
        using var lines = new TempFile();
        var terminal = await ClientProgram.RunAsync("script", "-qefc", $"{Command} >'{lines.Path}'", "/dev/null");
        Assert.Contains("\r[", terminal);
        Assert.Contains("20 files hashed", terminal);
        var written = await File.ReadAllLinesAsync(lines.Path);
        Assert.Equal(20, written.Length);
        Assert.All(written, static line => Assert.Matches(Line(), line));
    }

    [Fact]
    public async Task Ctrl_C_stops_it_soon_with_whole_lines_and_another_exit_code()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sparse files are of Linux.");
        for (var i = 0; i < 20; i++)
        {
            await File.WriteAllTextAsync(Path.Combine(_folder.FullName, $"{i}"), $"{i}");
            await using var large = File.Create(Path.Combine(_folder.FullName, $"large{i}"));
            large.SetLength(200L << 30); // minutes of work, and nothing on the disk
        }

        await using var process = CliProcess.Start(Sample.Assembly("HashFolder"), _folder.FullName);
        await Waiting.UntilAsync(() => process.Output.Count > 0, "the first line");
        process.Signal(CliProcess.SigInt);
        Assert.Equal(130, await process.EndAsync());
        Assert.All(process.Output, static line => Assert.Matches(Line(), line));
        Assert.Contains(process.Errors, static line => line.StartsWith("Stopped. "));
    }

    [Fact]
    public async Task What_cannot_be_read_is_named_and_the_rest_is_hashed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Names of any bytes are of Linux.");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "mine"), "a");
        await ClientProgram.RunAsync("bash", "-c", $"touch '{_folder.FullName}'/$'no-\\xff-name'"); // not UTF-8: even root cannot open it from .NET
        await using var process = CliProcess.Start(Sample.Assembly("HashFolder"), _folder.FullName);
        Assert.Equal(1, await process.EndAsync());
        Assert.Single(process.Output);
        Assert.Contains(process.Errors, static line => line.Contains("no-"));
        Assert.Contains("1 files hashed, 1 could not be read.", process.Errors);
        await ClientProgram.RunAsync("bash", "-c", $"rm '{_folder.FullName}'/no-*"); // nor remove it
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_named()
    {
        await using var process = CliProcess.Start(Sample.Assembly("HashFolder"), "/no/such/folder");
        Assert.Equal(2, await process.EndAsync());
        Assert.Equal(["There is no folder /no/such/folder."], process.Errors);
    }

    [Fact]
    public async Task What_its_page_shows_is_what_happens()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sha256sum is of Linux.");
        var count = await ConsoleBlock.RunAsync(
            ReadmeTests.Readme("HashFolder"),
            Repository.Root,
            ("dotnet run --project samples/HashFolder -c Release --", $"dotnet exec '{Sample.Assembly("HashFolder")}'"));
        Assert.InRange(count, 1, 5);
    }

    [GeneratedRegex(@"^[0-9a-f]{64}  /.*/[a-z0-9]+$")]
    private static partial Regex Line();
}
