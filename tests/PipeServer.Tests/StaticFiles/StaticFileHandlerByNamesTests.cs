using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>The same where the system cannot open below a root by itself.</summary>
public sealed class StaticFileHandlerByNamesTests() : StaticFileHandlerTests("memory")
{
    private protected override StaticFileHandler Create(string root) =>
        new(root, options: null, static (path, followSymlinks) => new PortableFileRoot(CanonicalPath.Of(Path.GetFullPath(path))!, followSymlinks));
}
