using System.Text;

namespace PipeServer.Fuzz;

/// <summary>Makes requests that are nearly right: cases of the table and the corpus, changed in a few places.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> seeds)
{
    // What tends to matter to somebody, a byte or a piece at a time.
    private static readonly byte[][] Pieces =
    [
        .. "\r|\n|\r\n|\r\n\r\n|\0| |\t|:|,|;|=|/|?|*|%|.|..|/../|[|]|[::1]|@|-|+|0|1|5|a|F|\"|\\|_|\u000B|\u0080|\u00A0|\u00FF|\u007F"
            .Split('|').Select(Encoding.Latin1.GetBytes),
        .. "GET|HEAD|POST|PUT|OPTIONS|CONNECT|TRACE|get|HTTP/1.1|HTTP/1.0|HTTP/1.2|HTTP/2.0|http://a|https://a:443|Host: a\r\n|Host: b\r\n|host:a:80\r\n|%2e%2e|%2F|%00|%0d|%c3%a9|%ff|%c0%af"
            .Split('|').Select(Encoding.Latin1.GetBytes),
        .. "Content-Length: 5\r\n|Content-Length: 0\r\n|Content-Length:|content_length: 1\r\n|Transfer-Encoding: chunked\r\n|Transfer-Encoding: gzip\r\n|chunked|, chunked|Connection: close\r\n|Connection: keep-alive\r\n|Expect: 100-continue\r\n|Expect: x\r\n"
            .Split('|').Select(Encoding.Latin1.GetBytes),
        .. "0\r\n\r\n|1\r\nx\r\n|5\r\nhello\r\n|;a=b|;a=\"b\"|; a|ffffffffffffffff|7fffffffffffffff|00000000000000000|X: y\r\n|Content-Length: 9\r\n\r\n|hello"
            .Split('|').Select(Encoding.Latin1.GetBytes),
    ];

    public byte[] Next()
    {
        var bytes = seeds[random.Next(seeds.Count)].ToList();
        for (var change = random.Next(0, 5); change > 0; change--)
        {
            Change(bytes);
        }

        return [.. bytes];
    }

    private void Change(List<byte> bytes)
    {
        var at = random.Next(bytes.Count + 1);
        var length = Math.Min(random.Next(1, 12), bytes.Count - at);
        switch (random.Next(9))
        {
            case 0 or 1:
                bytes.InsertRange(at, Pieces[random.Next(Pieces.Length)]);
                break;
            case 2:
                bytes.RemoveRange(at, length);
                break;
            case 3 when at < bytes.Count:
                bytes[at] = (byte)random.Next(256);
                break;
            case 4:
                bytes.RemoveRange(at, length);
                bytes.InsertRange(at, Pieces[random.Next(Pieces.Length)]);
                break;
            case 5:
                bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, length));
                break;
            case 6:
                CopyLine(bytes);
                break;
            case 7:
                var other = seeds[random.Next(seeds.Count)];
                var from = random.Next(other.Length + 1);
                bytes.RemoveRange(at, bytes.Count - at);
                bytes.AddRange(other.AsSpan(from));
                break;
            default:
                if (at < bytes.Count)
                {
                    bytes[at] ^= (byte)(1 << random.Next(8));
                }

                break;
        }
    }

    private void CopyLine(List<byte> bytes)
    {
        var starts = Enumerable.Range(0, bytes.Count).Where(index => index == 0 || bytes[index - 1] == (byte)'\n').ToList();
        if (starts.Count > 1)
        {
            var line = random.Next(starts.Count - 1);
            bytes.InsertRange(starts[random.Next(starts.Count)], bytes.GetRange(starts[line], starts[line + 1] - starts[line]));
        }
    }
}
