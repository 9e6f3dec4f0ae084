using System.Text;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

/// <summary>Which Content-Type is JSON in UTF-8.</summary>
public sealed class JsonMediaTypeTests
{
    [Theory]
    [InlineData("application/json", true)]
    [InlineData("Application/JSON", true)]
    [InlineData("application/json; charset=utf-8", true)]
    [InlineData("application/json;charset=\"UTF-8\"", true)]
    [InlineData("application/json ; a=b ;; charset=utf-8 ;", true)]
    [InlineData("application/json; a=\"x;charset=latin1\\\"\"", true)]
    [InlineData("application/problem+json", true)]
    [InlineData("application/vnd.api+json; version=1", true)]
    [InlineData("application/json;", true)]
    [InlineData("", false)]
    [InlineData("json", false)]
    [InlineData("text/json", false)]
    [InlineData("application/json5", false)]
    [InlineData("application/jsonp", false)]
    [InlineData("application/+json", false)]
    [InlineData("application /json", false)]
    [InlineData("application/json, text/plain", false)]
    [InlineData("application/json charset=utf-8", false)]
    [InlineData("application/json; charset=utf-16", false)]
    [InlineData("application/json; charset=latin1; charset=utf-8", false)]
    [InlineData("application/json; charset", false)]
    [InlineData("application/json; charset=", false)]
    [InlineData("application/json; charset= utf-8", false)]
    [InlineData("application/json; charset=\"utf-8", false)]
    [InlineData("application/json; charset=utf-8 x", false)]
    [InlineData("text/plain; a=application/json", false)]
    public void A_type_is_json_or_not(string value, bool expected) => Assert.Equal(expected, JsonMediaType.Matches(Encoding.Latin1.GetBytes(value)));
}
