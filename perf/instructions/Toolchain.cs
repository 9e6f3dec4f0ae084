namespace PipeServer.Instructions;

/// <summary>What the figures depend on beside the code; only counts with the same can be compared.</summary>
/// <param name="Sdk">The .NET SDK's version.</param>
/// <param name="Compiler">The native compiler's, like <c>ILCompiler/10.0.12</c>.</param>
/// <param name="Valgrind">Valgrind's, as it says it.</param>
/// <param name="Libc">The C library's, as getconf says it.</param>
/// <param name="Processor">What of the machine's processor reaches a program under valgrind; see <see cref="CountedMachine"/>.</param>
internal sealed record Toolchain(string Sdk, string Compiler, string Valgrind, string Libc, string Processor)
{
    /// <summary>What is different, as <c>glibc 2.36 instead of glibc 2.41</c>; null where nothing is.</summary>
    public string? DifferenceTo(Toolchain other)
    {
        (string Mine, string Theirs)[] parts =
        [
            ($"SDK {Sdk}", $"SDK {other.Sdk}"), (Compiler, other.Compiler), (Valgrind, other.Valgrind), (Libc, other.Libc), (Processor, other.Processor),
        ];
        var different = parts.Where(static part => part.Mine != part.Theirs).Select(static part => $"{part.Mine} instead of {part.Theirs}").ToList();
        return different.Count == 0 ? null : string.Join(", ", different);
    }

    public override string ToString() => $"SDK {Sdk}, {Compiler}, {Valgrind}, {Libc}, {Processor}";
}
