using System.Reflection;
using System.Text;
using PipeServer.Http.Hpack;

namespace PipeServer.Tests.Http.Hpack;

public sealed class DynamicTableTests
{
    // The place of the oldest field was counted up with each that was forgotten: after 2³¹ of them, hours of a client that thrashes the table, it was
    // negative, and a request got another field's value.
    [Fact]
    public void It_holds_the_last_fields_however_many_there_were_and_counts_no_further_than_its_ring()
    {
        var table = new DynamicTable();
        for (var number = 0; number < 100_000; number++)
        {
            var bytes = Encoding.ASCII.GetBytes($"n{number}");
            table.Add(bytes, FieldRules.WithValue(FieldRules.Name(bytes), ""u8));
            var oldest = table[table.Count - 1];
            Assert.Equal($"n{number - table.Count + 1}", Encoding.ASCII.GetString(table.Bytes, oldest.Start, oldest.Length));
        }

        var place = (int)typeof(DynamicTable).GetField("_oldest", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(table)!;
        Assert.InRange(place, 0, DynamicTable.MaxSize / 32);
    }
}
