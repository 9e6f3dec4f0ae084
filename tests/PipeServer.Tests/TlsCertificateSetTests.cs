namespace PipeServer.Tests;

/// <summary>Which certificate a name gets.</summary>
public sealed class TlsCertificateSetTests : IDisposable
{
    private readonly CertificateFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Exact_names_go_before_wildcards_and_the_first_is_for_all_others()
    {
        var (first, wild, exact, late) = (Load("first", "first.example"), Load("wild", "*.example.com", "*.b.example.com"), Load("exact", "a.example.com"), Load("late", "a.example.com", "LATE.example"));
        var set = new TlsCertificateSet([first, wild, exact, late]);
        (string? Name, TlsCertificate Expected)[] cases =
        [
            (null, first), ("", first), ("first.example", first), ("other.example", first), ("a.example.com", exact), ("A.Example.COM", exact),
            ("b.example.com", wild), ("c.b.example.com", wild), ("d.c.b.example.com", first), ("example.com", first), (".example.com", first),
            ("*.example.com", wild), ("late.example", late), ("xn--bcher-kva.example.com", wild),
        ];
        foreach (var (name, expected) in cases)
        {
            Assert.True(ReferenceEquals(expected, set.Find(name)), $"{name}");
        }

        set.Replace([exact]);
        Assert.Same(exact, set.Find("first.example"));
        Assert.Equal([exact], set.Certificates);
        Assert.Throws<ArgumentException>(() => set.Replace([]));
        Assert.Same(exact, set.Find(null));
    }

    [Fact]
    public void To_find_one_allocates_nothing()
    {
        var set = new TlsCertificateSet([Load("a", "a.example"), Load("b", "*.example.com")]);
        _ = set.Find("x.example.com");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            _ = set.Find("x.example.com");
            _ = set.Find("a.example");
            _ = set.Find(null);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private TlsCertificate Load(string name, params string[] names)
    {
        var (certificate, key) = _folder.Write(name, names);
        return TlsCertificate.FromPemFiles(certificate, key);
    }
}
