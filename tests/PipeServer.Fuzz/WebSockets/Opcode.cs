namespace PipeServer.Fuzz.WebSockets;

/// <summary>What a frame is (RFC 6455 §11.8). The other numbers are reserved.</summary>
internal static class Opcode
{
    public const int Continuation = 0;
    public const int Text = 1;
    public const int Binary = 2;
    public const int Close = 8;
    public const int Ping = 9;
    public const int Pong = 10;

    public static bool IsControl(int opcode) => (opcode & 8) != 0;
}
