namespace PipeServer.Packaging;

/// <summary>What a shell can offer for the value of an option or an argument.</summary>
internal enum ValueKind
{
    /// <summary>There is no value: a switch.</summary>
    None,

    /// <summary>Something that nobody can guess.</summary>
    Text,

    /// <summary>The words of <see cref="DescribedOption.Choices"/>.</summary>
    Choice,

    /// <summary>The path of a file.</summary>
    File,

    /// <summary>The path of a folder.</summary>
    Folder,
}
