using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace PipeServer.Tests.Deployment;

/// <summary>
/// The Dockerfile without a container engine: its RUN lines are executed in a root of their own, over which this machine's stands in for the base
/// image; the final tree is put together from its COPY lines, entered as its USER, and runs its ENTRYPOINT and HEALTHCHECK.
/// With <c>PIPESERVER_CLI</c> the published file takes the place of what apt-get, restore and publish would make; with
/// <c>PIPESERVER_DOCKERFILE=whole</c> those lines are executed too, which takes minutes (<c>.ci/nightly image</c>).
/// </summary>
public sealed partial class DockerfileTests
{
    private const string Password = "secret";
    private const string Hash = "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1";

    private static readonly Dockerfile Ours = Dockerfile.Read(Repository.Path("Dockerfile"));

    private static bool IsWhole => Environment.GetEnvironmentVariable("PIPESERVER_DOCKERFILE") == "whole";

    [Fact]
    public void It_is_written_as_images_should_be()
    {
        Assert.Equal(["build", ""], Ours.Stages.Select(static stage => stage.Name));
        var (build, final) = (Ours.Stages[0], Ours.Stages[1]);
        Assert.Equal("scratch", final.Base); // so the tree that is tested is the whole image
        Assert.Matches("^[1-9][0-9]*:[1-9][0-9]*$", final["USER"].Rest);
        Assert.All(new[] { "ENTRYPOINT", "CMD", "HEALTHCHECK" }, name => Assert.NotEmpty(final[name].List()));
        Assert.Equal("SIGTERM", final["STOPSIGNAL"].Rest);

        // The restore comes before the sources, so that a change of these does not repeat it, and it needs every file that versions stand in.
        var lines = build.Instructions.Select(static instruction => $"{instruction.Name} {instruction.Rest}").ToList();
        var restore = lines.FindIndex(static line => line.StartsWith("RUN dotnet restore"));
        Assert.InRange(restore, 0, lines.IndexOf("COPY src src"));
        var cli = Repository.Path("src", "PipeServer.Cli", "PipeServer.Cli.csproj");
        var references = XDocument.Load(cli).Descendants("ProjectReference").Select(static reference => reference.Attribute("Include")!.Value);
        foreach (var project in references.Append(cli).Select(static path => Path.GetFileName(path)))
        {
            Assert.Contains(lines.Take(restore), line => line.Contains(project));
        }

        // By -r, which means RuntimeIdentifiers to restore alone, the native compiler was not restored, and the publish without a restore made no file.
        const string Platform = "linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')";
        Assert.Equal($"RUN dotnet restore src/PipeServer.Cli -p:RuntimeIdentifier={Platform}", lines[restore]);
        Assert.Contains($"RUN dotnet publish src/PipeServer.Cli -c Release -r {Platform} --no-restore -o /publish", lines);
    }

    [Fact]
    public void The_context_has_what_is_copied_and_nothing_else()
    {
        var context = Context();
        Assert.Contains("src/PipeServer/HttpServer.cs", context);
        Assert.Contains("wwwroot/index.html", context);
        Assert.DoesNotContain(context, static file => file.Contains("/bin/") || file.Contains("/obj/") || file.StartsWith("tests/") || file.StartsWith(".git/"));
        var copied = Ours.Stages.SelectMany(static stage => stage.Instructions).Where(static instruction => instruction.Name == "COPY")
            .Select(static instruction => instruction.Split()).Where(static copy => copy.Options.Count == 0).SelectMany(static copy => copy.Words.SkipLast(1)).ToList();
        Assert.All(copied, name => Assert.Contains(context, file => file == name || file.StartsWith(name + "/")));
        Assert.All(context, file => Assert.Contains(copied, name => file == name || file.StartsWith(name + "/")));
    }

    [Fact]
    public async Task Its_image_serves_checks_logins_and_is_healthy()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Namespaces of Linux are needed.");
        Assert.SkipUnless(IsWhole || ProgramUnderTest.PipeServer.IsPublished, "Without a published file (PIPESERVER_CLI) there is nothing to put into the image; .ci/run has one.");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may mount and change the root folder.");
        var folder = Directory.CreateTempSubdirectory("ps-image-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "probe"), $"mount -t tmpfs tmpfs '{folder}' && mkdir '{folder}/u' '{folder}/w' '{folder}/r' && mount -t overlay overlay -o 'lowerdir=/,upperdir={folder}/u,workdir={folder}/w' '{folder}/r' && chroot '{folder}/r' true && unshare --net ip link set lo up");
            var (probed, reason) = await UnshareAsync(Path.Combine(folder, "probe"), TimeSpan.FromSeconds(30));
            Assert.SkipUnless(probed == 0, $"This machine does not let root have namespaces, an overlay, or ip (iproute2): {reason}");

            foreach (var file in Context())
            {
                var copy = Path.Combine(folder, "context", file);
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(Repository.Path(file), copy);
            }

            var script = Path.Combine(folder, "script");
            await File.WriteAllTextAsync(script, Script(folder));
            var (exitCode, output) = await UnshareAsync(script, IsWhole ? TimeSpan.FromMinutes(20) : TimeSpan.FromMinutes(2));
            Assert.True(exitCode == 0, output);
            Assert.Equal(
                """
                healthy
                uid 1654 1654
                HTTP/1.1 200 OK
                stopped 0
                unhealthy 1
                HTTP/1.1 401 Unauthorized
                HTTP/1.1 401 Unauthorized
                HTTP/1.1 200 OK
                HTTP/1.1 200 OK
                stopped 0
                """.ReplaceLineEndings("\n"),
                string.Join('\n', output.Split('\n').Where(static line => line.StartsWith("= ")).Select(static line => line[2..].TrimEnd())));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // What is run in namespaces of its own, all of which is gone when it ends.
    private static string Script(string folder)
    {
        var (build, final) = (Ours.Stages[0], Ours.Stages[1]);
        var script = new StringBuilder($$"""
            set -e
            mkdir {{folder}}/mount && mount -t tmpfs tmpfs {{folder}}/mount && cd {{folder}}/mount && mkdir upper work root image
            mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
            mount -t proc proc root/proc && mount --rbind /dev root/dev && mount -t tmpfs tmpfs root/tmp
            cat /etc/resolv.conf >root/etc/resolv.conf
            build=$PWD/root; image=$PWD/image; context={{folder}}/context; workdir=/

            """);
        foreach (var instruction in build.Instructions)
        {
            script.AppendLine(Step(instruction, "$build"));
        }

        foreach (var copy in final.Instructions.Where(static instruction => instruction.Name == "COPY"))
        {
            script.AppendLine(Step(copy, "$image"));
        }

        var enter = $"chroot --userspec={final["USER"].Rest} $image";
        var entry = Words(final["ENTRYPOINT"].List());
        var credentials = Convert.ToBase64String(Encoding.ASCII.GetBytes($"me:{Password}"));
        var wrong = Convert.ToBase64String(Encoding.ASCII.GetBytes("me:wrong"));
        File.WriteAllText(Path.Combine(folder, "run"), $$"""
            set -e
            ip link set lo up
            mkdir -p $image/proc $image/dev && mount -t proc proc $image/proc && mount --rbind /dev $image/dev
            mkdir $image/srv/www/folder
            echo 'me:{{Hash}}' >$image/etc/users
            check() { {{enter}} {{Words(final["HEALTHCHECK"].List())}}; }
            start() { env -i "PATH=$PATH" {{final["ENV"].Rest}} {{enter}} {{entry}} "$@" & server=$!; for i in $(seq 300); do check 2>/dev/null && return; sleep 0.1; done; return 1; }
            stop() { kill -TERM $server; code=0; wait $server || code=$?; echo "= stopped $code"; }
            ask() { exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%b\r\n' "$1" "$2" >&3; echo "= $(head -1 <&3)"; exec 3>&-; }
            start {{Words(final["CMD"].List())}}
            echo '= healthy'
            echo "= uid $(awk '/^Uid:/ { print $2, $3 }' /proc/$server/status)"
            ask / ''
            stop
            code=0; check || code=$?; echo "= unhealthy $code"
            start serve /srv/www --browse --auth-file /etc/users # a command of the user's own is reachable and healthy too
            ask / ''
            ask / 'Authorization: Basic {{wrong}}\r\n'
            ask / 'Authorization: Basic {{credentials}}\r\n'
            ask /folder/ 'Authorization: Basic {{credentials}}\r\n'
            stop

            """);
        return script.AppendLine($"export image; exec unshare --net bash {folder}/run").ToString(); // the build needs the network, the image its port
    }

    private static string Step(Dockerfile.Instruction instruction, string root)
    {
        switch (instruction.Name)
        {
            case "WORKDIR":
                return $"workdir={instruction.Rest}; mkdir -p {root}$workdir";
            case "COPY":
                var (options, words) = instruction.Split();
                var from = options is ["--from=build"] ? "$build" : "$context/";
                var to = words[^1].StartsWith('/') ? $"{root}{words[^1]}" : $"{root}$workdir/{words[^1]}";
                return words is [var only, _] && !words[^1].EndsWith("./") && !File.Exists(Repository.Path(only))
                    ? $"mkdir -p {to} && cp -r {from}{only}/. {to}" // a folder's content
                    : $"mkdir -p {to} && cp {string.Join(' ', words.SkipLast(1).Select(word => from + word))} {to}";
            case "ARG":
                return $"export {instruction.Rest}=0.2.0-test.1"; // as by --build-arg
            case "ENV":
                return $"export {instruction.Rest}";
            case "RUN" when !IsWhole && Heavy().IsMatch(instruction.Rest):
                var output = Output().Match(instruction.Rest);
                return output.Success ? $"mkdir -p {root}{output.Groups[1]} && cp '{ProgramUnderTest.PipeServer.Path}' {root}{output.Groups[1]}" : "";
            case "RUN":
                return $"chroot {root} /bin/sh -c {Quoted($"cd $1 && {instruction.Rest}")} sh $workdir";
            default:
                throw new NotSupportedException(instruction.Name);
        }
    }

    private static string Words(string[] words) => string.Join(' ', words.Select(Quoted));

    private static string Quoted(string word) => $"'{word.Replace("'", "'\\''")}'";

    private static async Task<(int ExitCode, string Output)> UnshareAsync(string script, TimeSpan patience)
    {
        var start = new ProcessStartInfo("unshare", ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(patience);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            var output = await process.StandardOutput.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, output + await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(); // and with it its child, which is the first process of its namespace
            }
        }
    }

    // What docker sends to the engine: the last pattern that matches a file or a folder above it decides.
    private static List<string> Context()
    {
        var patterns = File.ReadLines(Repository.Path(".dockerignore")).Where(static line => line.Length > 0 && line[0] != '#')
            .Select(static line => (IsKept: line[0] == '!', Pattern: PatternOf(line.TrimStart('!')))).ToList();
        return [.. Directory.EnumerateFiles(Repository.Root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Select(static path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
            .Where(file => patterns.FindLast(pattern => pattern.Pattern.IsMatch(file)) is { Pattern: null } or { IsKept: true })];
    }

    private static Regex PatternOf(string pattern) => new(
        "^" + Regex.Escape(pattern).Replace(@"\*\*/", "(.*/)?").Replace(@"\*", "[^/]*") + "(/.*)?$", RegexOptions.None, TimeSpan.FromSeconds(1));

    [GeneratedRegex("^(apt-get|dotnet restore|dotnet publish) ")]
    private static partial Regex Heavy();

    [GeneratedRegex(" -o (/[^ ]*)")]
    private static partial Regex Output();
}
