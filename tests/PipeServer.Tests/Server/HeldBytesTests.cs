using System.Collections.Concurrent;
using System.Text;
using PipeServer.Server;

namespace PipeServer.Tests.Server;

/// <summary>
/// The buffers of bodies that are held back are lent by threads, and given back on any other: whoever holds bytes finds them as they were.
/// </summary>
public sealed class HeldBytesTests
{
    [Fact]
    public void Bytes_are_what_was_written_however_many_and_however_often()
    {
        var held = new Holder();
        for (var round = 0; round < 3; round++)
        {
            foreach (var length in new[] { 0, 1, 1000, 1024, 1025, 5000, 20_000 })
            {
                var text = new string((char)('a' + round), length);
                held.Append(text[..(length / 3)]);
                held.WriteTo(text[(length / 3)..]);
                Assert.Equal(text, held.Text);
                if (length % 2 == 0)
                {
                    held.Release();
                }
                else
                {
                    held.Clear();
                }

                Assert.Equal("", held.Text);
            }
        }
    }

    [Fact]
    public void Two_on_one_thread_do_not_share()
    {
        var (one, other, third) = (new Holder(), new Holder(), new Holder());
        for (var round = 0; round < 3; round++)
        {
            one.Append("one");
            other.Append("other");
            one.Release();
            third.Append("third");
            Assert.Equal(("other", "third"), (other.Text, third.Text));
            other.Release();
            one.Append("again");
            Assert.Equal(("again", "third"), (one.Text, third.Text));
            third.Release();
            one.Release();
        }
    }

    // A handler that has waited ends on another thread. The thread that has lent the buffer still remembers it, and must not lend it again.
    [Fact]
    public void What_is_given_back_on_another_thread_is_lent_once()
    {
        const int Count = 20_000;
        using var passed = new BlockingCollection<(Holder Held, string Text)>(boundedCapacity: 20);
        var wrong = 0;
        var threads = Enumerable.Range(0, 2).Select(number => Start(() =>
        {
            var own = new Holder();
            for (var index = 0; index < Count; index++)
            {
                var held = new Holder();
                var text = $"{number}:{index}";
                held.Append(text);
                passed.Add((held, text));
                own.Append(text);
                Check(own, text);
            }
        })).Concat(Enumerable.Range(0, 2).Select(_ => Start(() =>
        {
            var own = new Holder();
            foreach (var (held, text) in passed.GetConsumingEnumerable())
            {
                own.Append("own");
                Check(held, text);
                Check(own, "own");
            }
        }))).ToList();
        threads[..2].ForEach(static thread => thread.Join());
        passed.CompleteAdding();
        threads.ForEach(static thread => thread.Join());
        Assert.Equal(0, wrong);

        void Check(Holder held, string text)
        {
            if (held.Text != text)
            {
                Interlocked.Increment(ref wrong);
            }

            held.Release();
        }

        static Thread Start(Action run)
        {
            var thread = new Thread(() => run()) { IsBackground = true };
            thread.Start();
            return thread;
        }
    }

    // A mutable struct wants to be a field.
    private sealed class Holder
    {
        private HeldBytes _held = new();

        public string Text => Encoding.ASCII.GetString(_held.Span);

        public void Append(string text) => _held.Append(Encoding.ASCII.GetBytes(text));

        public void WriteTo(string text)
        {
            _held.Advance(Encoding.ASCII.GetBytes(text, _held.GetMemory(text.Length).Span));
        }

        public void Clear() => _held.Clear();

        public void Release() => _held.Release();
    }
}
