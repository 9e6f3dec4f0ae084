using System.Net.Sockets;
using System.Text;

namespace BookServer;

/// <summary>The Book's <c>handle_connection</c>.</summary>
internal static class Connection
{
    private const int BufferBytes = 8 * 1024; // as Rust's BufReader: a browser's whole head fits, and nothing is left unread when the connection is closed

    /// <summary>Answers the one request of a connection.</summary>
    public static void Handle(TcpClient client)
    {
        using (client)
        {
            try
            {
                Answer(client.GetStream());
            }
            catch (IOException exception)
            {
                Console.Error.WriteLine($"A client has gone: {exception.Message}"); // where the Book's worker panics
            }
        }
    }

    private static void Answer(NetworkStream stream)
    {
        stream.ReadTimeout = stream.WriteTimeout = 10_000; // who says nothing holds a worker no longer
        using var reader = new StreamReader(stream, Encoding.ASCII, detectEncodingFromByteOrderMarks: false, BufferBytes, leaveOpen: true);
        var requestLine = reader.ReadLine();

        (string StatusLine, string FileName) answer;
        switch (requestLine)
        {
            case "GET / HTTP/1.1":
                answer = ("HTTP/1.1 200 OK", "hello.html");
                break;
            case "GET /sleep HTTP/1.1":
                Thread.Sleep(TimeSpan.FromSeconds(5));
                answer = ("HTTP/1.1 200 OK", "hello.html");
                break;
            default:
                answer = ("HTTP/1.1 404 NOT FOUND", "404.html");
                break;
        }

        var contents = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "pages", answer.FileName));
        var length = Encoding.UTF8.GetByteCount(contents);
        stream.Write(Encoding.UTF8.GetBytes($"{answer.StatusLine}\r\nContent-Length: {length}\r\n\r\n{contents}"));
    }
}
