using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

public sealed class ContentTypesTests
{
    private static readonly ContentTypes Types = new(new Dictionary<string, string>());

    // .usdz, .svgz and a thousand more of IANA's and Apache's tables were application/octet-stream.
    [Theory]
    [InlineData("a.usdz", "model/vnd.usdz+zip")]
    [InlineData("a.svgz", "image/svg+xml")]
    [InlineData("a.SVG", "image/svg+xml")]
    [InlineData("a.js", "text/javascript; charset=utf-8")]
    [InlineData("a.ts", "video/mp2t")]
    [InlineData("a.xml", "application/xml; charset=utf-8")]
    [InlineData("a.odg", "application/vnd.oasis.opendocument.graphics")]
    [InlineData("a.ppsx", "application/vnd.openxmlformats-officedocument.presentationml.slideshow")]
    [InlineData("a.djvu", "image/vnd.djvu")]
    [InlineData("a.wmv", "video/x-ms-wmv")]
    [InlineData("a.flv", "video/x-flv")]
    [InlineData("a.aif", "audio/x-aiff")]
    [InlineData("a.key", "application/vnd.apple.keynote")]
    [InlineData("a.ttl", "text/turtle; charset=utf-8")]
    [InlineData("a.mobi", "application/x-mobipocket-ebook")]
    [InlineData("a.torrent", "application/x-bittorrent")]
    [InlineData("a.p12", "application/pkcs12")]
    [InlineData("a.swf", "application/vnd.adobe.flash.movie")]
    [InlineData("a.tar.gz", "application/gzip")]
    [InlineData("a.nothing", "application/octet-stream")]
    [InlineData("a", "application/octet-stream")]
    [InlineData("a.", "application/octet-stream")]
    [InlineData("a.svg/b", "application/octet-stream")]
    public void A_name_has_this_type(string name, string type) => Assert.Equal(type, Types.For(name));

    [Fact]
    public void The_table_is_well_formed()
    {
        var table = ContentTypeTable.Read();
        Assert.InRange(table.Count, 1500, 2000);
        Assert.All(table, static pair =>
        {
            Assert.Matches("^\\.[a-z0-9+_-]+$", pair.Key);
            Assert.True(ContentTypes.IsValid(pair.Value), $"{pair.Key}: {pair.Value}");
        });
    }

    [Theory]
    [InlineData("text/x-python; charset=utf-8", true)]
    [InlineData("application/vnd.collection+json", true)]
    [InlineData("model/vnd.collada+xml", true)]
    [InlineData("model/vnd.usdz+zip", false)]
    [InlineData("image/png", false)]
    public void What_is_text_gets_smaller(string type, bool isCompressible) => Assert.Equal(isCompressible, ContentTypes.IsCompressible(type));
}
