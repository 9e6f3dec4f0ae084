using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using PipeServer.Perf;

namespace PipeServer.Instructions;

/// <summary>Where instructions can be counted, and with what.</summary>
internal static class CountedMachine
{
    /// <summary>Throws with the reason where nothing can be counted: another system or processor, or a program that is not installed.</summary>
    /// <exception cref="MeasurementException">Nothing can be counted here.</exception>
    public static async Task RequireAsync(bool needsNginx, CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new MeasurementException("the native file that is counted is for Linux on x64.");
        }

        (string, string)[] always = [("valgrind", "valgrind"), ("getconf", "libc-bin")];
        ExternalProgram.RequireInstalled(needsNginx ? [.. always, ("nginx", "nginx-light")] : always);
        await NativeFiles.RequireToolsAsync(cancellation);
    }

    /// <summary>The tools of this machine.</summary>
    public static async Task<Toolchain> ToolsAsync(string compiler, CancellationToken cancellation)
    {
        var sdk = await ExternalProgram.CaptureAsync(cancellation, "dotnet", "--version");
        var valgrind = await ExternalProgram.CaptureAsync(cancellation, "valgrind", "--version");
        var libc = await ExternalProgram.CaptureAsync(cancellation, "getconf", "GNU_LIBC_VERSION");
        return new Toolchain(sdk.Trim(), compiler, valgrind.Trim(), libc.Trim(), Processor());
    }

    // To the program valgrind is always the same Haswell, caches included, on any processor that has AVX2: so glibc picks the same memcpy
    // everywhere. With one core the runtime and the server do not spin before they sleep.
    private static string Processor() =>
        $"{(Avx2.IsSupported ? "AVX2" : "no AVX2")}, {(Environment.ProcessorCount > 1 ? "several cores" : "one core")}";
}
